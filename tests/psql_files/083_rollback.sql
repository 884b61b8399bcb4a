-- Takes back its own part and no more.
create table a (id int); insert into a values (1);
begin; create table b (id int); insert into a values (2); rollback;
insert into a values (3);
begin; insert into a values (4); abort; start transaction; drop table a; rollback work; begin; truncate a; abort and no chain;
create table b (name text); insert into b values ('another b;');
begin; set app.x = 'undone'; set search_path = pg_catalog; rollback; insert into b values (coalesce(current_setting('app.x', true), 'none'));
