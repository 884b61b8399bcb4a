-- A value must be committed before it is used, which each statement does for itself.
alter type mood add value 'happy';
insert into people values ('a;', 'happy');
alter type mood add value if not exists 'so;so' before 'ok'; alter type mood add value if not exists 'ok';
alter table people alter column m set default 'so;so'; insert into people values ('b');
create index on people (name) where m = 'so;so'; create view happy as select * from people where m >= 'happy'::mood;
alter type mood rename value 'sad' to 'blue'; insert into people values ('c', 'blue');
