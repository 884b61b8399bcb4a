-- What returns rows runs like the rest, and the rows are nobody's concern.
create table t (id int generated always as identity, n text);
select 1; select * from t; table t; values (1, 'a'), (2, ';'); show search_path; explain analyze insert into t (n) values ('explained');
insert into t (n) values ('a;'), ('b') returning id, n; with d as (delete from t where n = 'b' returning *) insert into t (n) select n || '2' from d returning id;
(select n from t) union all (select ';'); ((select 1)); select; select from t; select 1 as "a;b"; listen channel; notify channel, 'x;'; unlisten *;
update t set n = 'c' where false returning *; with x as (select 1) table x; select set_config('app.x', 'y;', false); select pg_notify('channel', 'y');
insert into t (n) values (current_setting('app.x'));
