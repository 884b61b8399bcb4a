create type colour as enum ('red;', 'green'); alter type colour add value 'blue' after 'red;'; create table t (c colour);
insert into t values ('blue'), ('red;'); alter type colour add value 'black'; insert into t values ('black');
create domain dark as colour check (value in ('black', 'blue')); alter type colour add value 'grey'; alter domain dark drop constraint dark_check;
alter domain dark add check (value >= 'blue' or value = 'grey'); begin; create type tone as enum ('a'); create table u (t tone default 'a');
insert into u values ('a'); commit; alter type tone add value 'b'; insert into u values ('b');
