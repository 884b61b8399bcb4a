create temp table work (name text); insert into work values ('second;'); prepare p as select name from work; declare c cursor with hold for table work;
create function pg_temp.helper() returns int language sql as 'select 2'; insert into t select pg_temp.helper(), name from work; select nextval('s');
insert into t select 10, 'lock still held' from pg_locks where locktype = 'advisory' and classid = 4711; insert into t select 11, 'channel' from pg_listening_channels();
