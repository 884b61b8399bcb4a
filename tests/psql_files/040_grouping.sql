-- Rare words and operators of queries.
create table s (a text, b text, n int); insert into s values ('x', 'p', 1), ('x', 'q', 2), ('y', 'p', 3);
create table g as select a, b, grouping(a, b) g, sum(n) filter (where n > 1) s, array_agg(n order by n desc) l, mode() within group (order by n) m
    from s group by grouping sets ((a), (b), (a, b), ()), cube (a);
create view w as select a, sum(n) over (partition by a order by n rows between 1 preceding and current row exclude ties) from s window x as (order by a);
create table o as select 1 OPERATOR(pg_catalog.+) 2 p, 'a' operator(pg_catalog.!~~*) 'B' q, (array[1,2]) @> array[1] r, 5 # 3 # 2 t, |/ 4.0 u, @ -1 v;
