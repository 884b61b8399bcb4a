-- In E'' a backslash takes the next character with it, quotes included.
create table escaped (id int, t text);
insert into escaped values (1, E'it\'s; fine'), (2, e'\\'), (3, E'\\\''), (4, E'''\';''');
insert into escaped values (5, E'\x41\u00e4\n\t;'), (6, E'\';\\'), (7, '\');
insert into escaped select 8, E'a\'b' || e'\';' || '\';
