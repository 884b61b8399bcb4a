-- Letters beyond ASCII need no quotes, and are taken as they are.
create table größe (straße text, 日本 int, "Ü;" text, naïve$é int, 😀 text);
insert into größe (STRAße, 日本, "Ü;", 😀) values ('ä;ö', 1, '😀 – ''', U&'\+01F600');
create function ÄRGER(ñ int) returns int language sql as $ü$ select ñ + 1; $ü$; create schema "схема"; create view "схема".ﬁ as select 日本 from größe;
select 'é' as é, straße as "ẞ" from größe; comment on table größe is '“quoted”; — …';
