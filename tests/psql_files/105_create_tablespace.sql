-- server >= 15
set allow_in_place_tablespaces = on; create tablespace psql_files_space location '';
create table t (id int) tablespace psql_files_space; insert into t values (1);
create table seen as select spcname from pg_class join pg_tablespace s on s.oid = reltablespace where relname = 't';
alter table t set tablespace pg_default; drop tablespace psql_files_space; insert into t values (2);
