-- One statement that makes many things.
create schema shop
    create table items (id int primary key, name text default ';')
    create view names as select name from items
    create index items_name on items (name)
    create sequence numbers start 5
    grant select on items to pg_monitor;
insert into shop.items values (nextval('shop.numbers')); create schema if not exists shop;
