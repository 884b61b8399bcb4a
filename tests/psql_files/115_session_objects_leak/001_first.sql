-- Temporary tables, cursors, prepared statements, locks and channels of a session are gone with it.
create temp table work (id int); insert into work values (1); prepare p as select 'first;'; declare c cursor with hold for select 1; listen x;
create table t as select id, 'first' from work; create sequence s; select nextval('s'), setseed(0.5), pg_advisory_lock(4711, 1);
create function pg_temp.helper() returns int language sql as 'select 1'; insert into t values (pg_temp.helper(), 'helped');
