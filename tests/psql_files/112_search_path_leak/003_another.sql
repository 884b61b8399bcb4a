create table d (id int); insert into a values (3);
