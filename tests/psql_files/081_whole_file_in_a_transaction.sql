-- What many write around their files.
BEGIN TRANSACTION; -- ;
create table a (id int primary key);
create table b (id int references a deferrable initially deferred);
insert into b values (1);
insert into a values (1);
set local search_path = pg_catalog; insert into public.a values (2);
COMMIT WORK; -- done
