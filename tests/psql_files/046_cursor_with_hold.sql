-- A cursor that lives on after its transaction, which in psql is that of its statement.
create table t (id int); insert into t select generate_series(1, 5);
declare c scroll cursor with hold for select id from t order by id; -- ;
fetch 2 from c; move forward 1 in c; fetch backward 1 from c;
alter table t add column n text default ';';
create function seen() returns int language sql as 'select count(*)::int from pg_catalog.pg_cursors where is_holdable';
insert into t values (seen(), 'open'); close c; insert into t values (seen(), 'closed');
begin; declare d cursor for select 1; fetch all from d; commit; insert into t values (seen(), 'gone');
