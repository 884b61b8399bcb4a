-- An operator ends where a comment begins, and @- is one operator.
create function minus_of(int) returns int language sql as 'select -2 * $1';
create operator @- (rightarg = int, function = minus_of);
create operator public.?| (leftarg = int, rightarg = int, function = int4pl);
create table results as select 1 as id, @-5 as n
union all select 2, @--5 is a comment; so is this
    -5
union all select 3, @-/* ; */5
union all select 4, 7/*;*/*/*;*/2
union all select 5, 1 operator(pg_catalog.+) 2 operator(public.?|) 3
union all select 6, 7--1;
    -- -1
    - -1
union all select 7, (2 <-- ;'
    3)::int
union all select 8, -(@ -9);
