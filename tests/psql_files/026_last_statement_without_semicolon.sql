-- The end of the file ends the statement.
create table a (id int);
insert into a values (1);
insert into a values (2)