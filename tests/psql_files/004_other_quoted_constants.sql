-- Bit strings, national strings and type names right before the quote.
create table constants (b bit(3), x bit(8), n text, d date, i interval, p point, r text);
insert into constants values (b'101', X'1F', N'na\tional;''\', date'2026-01-31', interval'1 day', point'(1,2)', text'e\');
insert into constants (n) values (cast(E'\'' as text)), (varchar'e;''e\');
