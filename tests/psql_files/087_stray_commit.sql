-- Without a BEGIN a COMMIT is a warning; a second BEGIN is one, too.
create table a (id int);
insert into a values (1);
commit;
insert into a values (2);
begin; begin; insert into a values (3); commit; insert into a values (4); end; commit;
insert into a values (5);
