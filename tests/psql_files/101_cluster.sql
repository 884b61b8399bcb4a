-- Without a name: all tables that were clustered before.
create table t (id int, n text); create index t_id on t (id); insert into t values (3, 'c'), (1, 'a;'), (2, 'b');
create table seen (step serial, places int[]);
insert into seen (places) select array_agg(id order by ctid) from t;
cluster t using t_id; insert into seen (places) select array_agg(id order by ctid) from t;
insert into t values (0, 'later'); cluster; insert into seen (places) select array_agg(id order by ctid) from t;
insert into t values (-1, 'last'); CLUSTER VERBOSE; insert into seen (places) select array_agg(id order by ctid) from t;
