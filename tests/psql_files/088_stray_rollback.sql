-- Without a BEGIN there is nothing to roll back: what was done stays, with a warning.
create table a (id int);
insert into a values (1);
rollback;
insert into a values (2);
abort; insert into a values (3); begin; insert into a values (4); commit; rollback;
