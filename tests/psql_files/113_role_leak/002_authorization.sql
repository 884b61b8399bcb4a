create table b (owner text); insert into b values (current_user);
set session authorization pg_monitor;
