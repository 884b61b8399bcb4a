-- server >= 17
begin; create type tone as enum (); alter type tone add value 'a'; create table u (t tone default 'a'); insert into u values ('a'); commit;
alter type tone add value 'b;'; insert into u values ('b;');
