-- Comes after the dump as if there had been none.
create table here (id int); insert into here values (1); update shop.orders set note = 'x;' where id = 1; alter type shop.state add value 'sent'; insert into shop.orders (state) values ('sent');
