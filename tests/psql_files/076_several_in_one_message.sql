-- \; sends statements together, as one transaction.
create table t (id int, n text)\; insert into t values (1, 'a\;')\;
insert into t values (2, 'b') -- \;
    \;insert into t values (3, $$;\;$$);
select 1\; select 2\; insert into t values (6, (select count(*)::text from t));
