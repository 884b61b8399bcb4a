insert into log values ('writes'); set session characteristics as transaction isolation level serializable, read only; set lock_timeout = 1;
