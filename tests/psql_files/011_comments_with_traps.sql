-- it's; a "comment $$ with \i nowhere.sql and /* in it
/* ' " $$ ; \q \i nowhere.sql :name */
create table a (id int, -- ; $a$
    t text default 'x' /* ' */ || /* ; */ 'y') -- \
;--
insert /* E' */ into--;
a values (1)/* ; */;/* ' */insert into a values (2);
--insert into a values (3);
---- insert into a values (4);
insert into a values (5 - -1); -- two signs, no comment
insert into a values (6 --1);
);
