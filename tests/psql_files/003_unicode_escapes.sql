-- U& does not make \' an escape; its escape character comes behind the string.
create table U&"d\0061t;\0061" (U&"!0069d;" UESCAPE '!' int, t text);
insert into "dat;a" values (1, U&'d\0061t\+000061;'), (2, U&'d!0061t!!;' uescape '!'), (3, u&'\\;'), (4, U&'it''s;\0020x');
insert into "dat;a" values (5, U&'one\003B'
    'two;');
select U&"d\0061t;\0061".t from U&"d\0061t;\0061";
