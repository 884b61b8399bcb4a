-- DDL, an index built concurrently, DML, and all in one session: its settings, temporary tables and role stay.
create schema app; create temp table kept (id int); insert into kept values (1), (2);
set search_path = app; create table t (id int, n text);
insert into t select id, 'kept' from pg_temp.kept;
create index concurrently t_id on t (id);
insert into t values (3, 'between;'); update t set n = n || ';' where id = 1;
vacuum t;
grant create, usage on schema app to pg_monitor; set role pg_monitor; create table mine (id int);
create index concurrently mine_id on app.mine (id); insert into mine select 1; reset role;
begin; insert into t values (4, 'in'); alter table t add column x int default 5; commit; drop index concurrently t_id;
copy t (id, n) from stdin;
6	copied
\.
create unique index concurrently on t (id, n); prepare p as insert into t values ($1, 'prepared'); alter table t set (fillfactor = 90); execute p (7);
