-- ? is an operator.
create table j (id int, d jsonb);
insert into j values (1, '{"a": 1, "b?": {"c": [1]}}'), (2, '["a", "b"]'), (3, '{"c": null}');
create table found as
    select id, d ? 'a' a, d ?| array['b', 'c'] b, d ?& array['a', 'b?'] c, d @? '$.b' d, d @@ '$.a == 1' e, d #> '{b?,c}' f, d - 'a' g, '{"b?": [1, 2]}'::jsonb #- '{b?,0}' h--;
       
    from j where d ? 'a' or d?|array['c'] or not d?&array['a'];
create index on j using gin (d); create index on j ((d ? 'a'));
create view v as select * from j where d ? 'it''s?';
