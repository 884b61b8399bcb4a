-- Branches that are not taken are read, but not run.
create table t (n serial, what text);
\if true
    insert into t (what) values ('if');
    \if off
        insert into t (what) values ('never; 1'); \i nowhere.psql
        \if true
            create table never ();
        \else
            \q
        \endif
    \elif 1
        insert into t (what) values ('elif');
    \elif yes
        insert into t (what) values ('never; 2');
    \else
        this is no SQL; /* \endif */ '\endif' $$ \endif $$;
    \endif
    insert into t (what) values ('after endif');
\else
    \set x 1
    copy nowhere from nowhere;
\endif
\set yes on
\if :yes
    insert into t (what) values ('variable') \else
    never ; \endif
;
insert into t (what)
\if false
    values ('never; 4');
\else
    values ('parts of a statement; ')
\endif
;
