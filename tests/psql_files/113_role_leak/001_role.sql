create table a (id int); grant select on a to pg_monitor;
set role pg_monitor;
