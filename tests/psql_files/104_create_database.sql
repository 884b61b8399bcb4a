create table seen (step int, found bigint);
create database "psql_files;made" template template0 connection limit 0; -- ;
insert into seen select 1, count(*) from pg_database where datname = 'psql_files;made';
alter database "psql_files;made" set app.x = ';'; drop database if exists psql_files_nowhere;
drop database "psql_files;made"; insert into seen select 2, count(*) from pg_database where datname = 'psql_files;made';
