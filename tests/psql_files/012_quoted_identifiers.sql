-- Everything may stand in a quoted name.
create table "semi;colon" ("it's" int, "dou""ble;" int, "-- no" int, "/* no" int, "$$" int, "back\" text default '\', ":name" int, "${x}" int, "?" int);
insert into "semi;colon" ("it's", "dou""ble;", "$$") values (1, 2, 3); insert into "semi;colon" ("back\") values ('";"');
create index "in;dex" on "semi;colon" ("dou""ble;", ("it's" + 1));
create function "f;""" ("a;" int) returns int language sql as 'select "a;"';
comment on column "semi;colon"."back\" is 'a "quoted; name';
create table "begin" ("end" int, "BEGIN ATOMIC" int);
