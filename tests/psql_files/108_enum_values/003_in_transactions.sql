begin; alter type mood add value 'new' after 'blue'; create table other (m mood); commit; insert into other values ('new');
begin; alter type mood add value 'undone'; rollback;
