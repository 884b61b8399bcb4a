-- Casts, slices, times and := are no variables; a :name that is not set stays as it is.
create table c (a int[], n int, t text);
insert into c values ('{1,2,3,4}', 2, '12:30:name'), ('[0:1]={5,6}'::int[], 1, ':''name'' :"name" ::x :1');
create function f(a int, b int default 2) returns int language sql as 'select a * 10 + b';
create table results as select a[1:2] s1, a[:2] s2, a[2:] s3, a[:] s4, a[1:n] s5, a[n:n] s6, (a)[n :n ] s7, f(b := 3, a:=1) f, f(a => n) g,
    '12:30'::time::text t, n::text::int i, t::varchar(5) v, $$:name :'name' :"name"$$ d, /* :name */ 1 e from c;
create function g(arr int[]) returns int[] language plpgsql as $$ declare x int:=1; begin x:=x+1; return arr[1:x]; end $$;
