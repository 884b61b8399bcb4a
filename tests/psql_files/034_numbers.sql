-- Numbers run into letters and dots.
create table n (id int, x numeric, f float8);
insert into n values (1, 1e5, 1E-3), (2, .5, 5.), (3, 1.5e+3, -.5e1), (4, 0.1-1, 2-1e2), (5, '1e5', 'NaN');
insert into n select 6, x, 1.::int from n where id=1 and(x>1)or'1'='2';
create function f() returns int language plpgsql as $$ declare s int := 0; begin for i in 1..3 loop s := s + i; end loop; return s; end $$;
insert into n values (f(), 1.5::int, 1::numeric / 3);
