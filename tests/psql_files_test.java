//SOURCES ../scripts/run_migrations.java
//SOURCES servers.java

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each case of the corpus is a file full of traps, or a folder of such files, and must leave the same database through the runner as through `psql -f`.
 * A first line such as "-- server >= 15" tells where it can run. psql runs in the root of the project, where the in-process runner is, too.
 */
class psql_files_test {
    static final Path CORPUS = Path.of("tests/psql_files");
    static final Pattern NEED = Pattern.compile("-- server (>=|<) (\\d+)(?: or psql >= (\\d+))?\\s");
    static final Pattern REPEAT = Pattern.compile("@(\\d+)\\*([^@]*)@");

    @TempDir
    Path folder;

    static Stream<Arguments> cases() {
        return servers.majors().stream().flatMap(major -> corpus().stream().map(path -> Arguments.of(path, major)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void a_file_leaves_the_same_through_the_runner_and_through_psql(Path path, int major) throws Exception {
        var name = path.getFileName() + " on " + major;
        assumeTrue(shell.has("psql"), "psql is not installed");
        var files = files(path);
        var need = NEED.matcher(Files.readString(files.get(0)));
        assumeTrue(!need.lookingAt() || need.group(1).equals(">=") == (major >= Integer.parseInt(need.group(2)))
                || need.group(3) != null && psqlMajor() >= Integer.parseInt(need.group(3)),
                () -> name + ": needs " + need.group().strip().substring(3));
        var theirs = servers.database(major);
        for (var file : files) {
            var psql = shell.run(shell.ROOT, Map.of(), "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", theirs, "-f", file.toString());
            assertThat(psql.exit()).as("psql -f " + file + "\n" + psql.err()).isZero();
        }
        var ours = servers.database(major);
        var out = new StringWriter();
        var err = new StringWriter();
        var script = new run_migrations();
        script.database.environment = () -> Map.of("DATABASE_URL", ours);
        var exit = script.database.command(script).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute("--dir",
                files.get(0).getParent().toString());
        assertThat(exit).as(name + "\n" + out + err).isZero();
        assertThat(differences(theirs, ours)).as(name).isEmpty();
    }

    /** A folder is run where it is; a single file from a folder of its own, with each @N*text@ in it replaced by N times the text. */
    List<Path> files(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            try (var files = Files.list(path)) {
                return files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
            }
        }
        var text = Files.readString(path, StandardCharsets.ISO_8859_1);
        var whole = REPEAT.matcher(text)
                .replaceAll(times -> Matcher.quoteReplacement(times.group(2).repeat(Integer.parseInt(times.group(1)))));
        return List.of(Files.writeString(folder.resolve(path.getFileName()), whole, StandardCharsets.ISO_8859_1));
    }

    static List<Path> corpus() {
        try (var files = Files.list(CORPUS)) {
            return files.filter(path -> path.getFileName().toString().matches("\\d+_.*")).sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static int psqlMajor() {
        try {
            return Integer.parseInt(shell.run(shell.ROOT, Map.of(), "psql", "--version").out().replaceAll("(?s)\\D*(\\d+).*", "$1"));
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void the_corpus_is_large_and_its_bytes_are_as_they_were_written() throws IOException {
        assertThat(corpus()).hasSizeGreaterThanOrEqualTo(44).allMatch(path -> Files.isDirectory(path) || path.toString().endsWith(".sql"));
        var bytes = new TreeMap<String, String>();
        for (var path : corpus()) {
            bytes.put(path.getFileName().toString().replaceAll("^\\d+_|\\.sql$", ""),
                    Files.isDirectory(path) ? "" : Files.readString(path, StandardCharsets.ISO_8859_1));
        }
        assertThat(bytes.get("crlf")).contains("\r\n").doesNotContainPattern("[^\r]\n");
        assertThat(bytes.get("copy_with_crlf")).contains("\r\n").doesNotContainPattern("[^\r]\n");
        assertThat(bytes.get("carriage_returns_alone")).contains("\r").doesNotContain("\n");
        assertThat(bytes.get("byte_order_mark")).startsWith("\u00EF\u00BB\u00BF");
        assertThat(bytes.get("last_statement_without_semicolon")).endsWith(")");
    }

    // --- the comparison ---

    /** What one of the databases has and the other has not, but for what the runner keeps for itself. */
    static List<String> differences(String theirs, String ours) throws SQLException {
        try (var psql = servers.connect(theirs); var runner = servers.connect(ours)) {
            return differences(state(psql), state(runner));
        }
    }

    static List<String> differences(List<String> theirs, List<String> ours) {
        var missing = new ArrayList<>(theirs);
        ours.forEach(missing::remove);
        var added = new ArrayList<>(ours);
        theirs.forEach(added::remove);
        return Stream.concat(missing.stream().map("only psql: "::concat), added.stream().map("only the runner: "::concat))
                .map(line -> line.length() < 2000 ? line : line.substring(0, 2000) + " ...").toList();
    }

    /** A line for each object, with all that defines it, and for each row; sorted. */
    static List<String> state(Connection connection) throws SQLException {
        var state = column(connection, OBJECTS);
        var rows = column(connection, ROWS);
        if (!rows.isEmpty()) {
            state.addAll(column(connection, String.join(" union all ", rows)));
        }
        state.sort(null);
        return state;
    }

    static List<String> column(Connection connection, String query) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(query)) {
            var values = new ArrayList<String>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    static final String WITH = """
            with n as (select * from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'pgbang')),
            r as (select c.oid::regclass as name, c.*, 'pg_class'::regclass as class from pg_class c where relnamespace in (select oid from n) and relname !~ '^(schema_migrations|pgbang_)'),
            t as (select t.oid::regtype as name, t.* from pg_type t where typnamespace in (select oid from n) and typcategory <> 'A' and (typrelid = 0 or typrelid in (select oid from r where relkind = 'c')))
            """;

    /** The statements that show the rows of each table and the position of each sequence. */
    static final String ROWS = WITH + """
            select format(case relkind when 'S' then 'select concat_ws('' | '', %L, last_value, is_called) from %s' else 'select concat(%L, '' | '', "the row"::text) from %s "the row"' end,
                case relkind when 'S' then 'position ' else 'row ' end || name, name)
            from r where relkind in ('r', 'm', 'S') and (relkind <> 'm' or relispopulated)""";

    static final String OBJECTS = WITH + """
            select row('database', pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit, pg_get_userbyid(datdba), datacl, shobj_description(oid, 'pg_database'))::text
            from pg_database where datname = current_database()
            union all select row('setting', setrole::regrole, setconfig)::text from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())
            union all select row('schema', nspname, pg_get_userbyid(nspowner), nspacl)::text from n
            union all select row('relation', name, relkind, relpersistence, pg_get_userbyid(relowner), (select amname from pg_am a where a.oid = relam),
                (select spcname from pg_tablespace s where s.oid = reltablespace), relrowsecurity, relforcerowsecurity, relreplident, relispopulated, relispartition,
                pg_get_expr(relpartbound, oid), case relkind when 'p' then pg_get_partkeydef(oid) end, array(select inhparent::regclass from pg_inherits where inhrelid = oid order by inhseqno),
                reloftype::regtype, 'options', reloptions, 'grants', relacl)::text from r
            union all select row('column', name, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attislocal, attinhcount,
                (select collname from pg_collation c where c.oid = attcollation), 'default', pg_get_expr(adbin, adrelid), 'options', attstattarget, attoptions, to_jsonb(a) -> 'attcompression',
                'grants', attacl)::text from r join pg_attribute a on attrelid = r.oid and attnum > 0 left join pg_attrdef on adrelid = attrelid and adnum = attnum
            union all select row('constraint', conrelid::regclass, contypid::regtype, conname, pg_get_constraintdef(oid), convalidated, conislocal, coninhcount,
                to_jsonb(c) -> 'conenforced')::text from pg_constraint c where conrelid in (select oid from r) or contypid in (select oid from t)
            union all select row('index', pg_get_indexdef(indexrelid), 'valid', indisvalid, 'ready', indisready, indislive, 'immediate', indimmediate, 'clustered', indisclustered,
                'identity', indisreplident)::text from pg_index where indrelid in (select oid from r)
            union all select row('view', name, pg_get_viewdef(oid))::text from r where relkind in ('v', 'm')
            union all select row('sequence', name, seqtypid::regtype, to_jsonb(s) - 'seqrelid' - 'seqtypid',
                (select concat(refobjid::regclass, '.', refobjsubid, ' ', deptype) from pg_depend where classid = class and objid = oid and refclassid = class))::text
                from r join pg_sequence s on seqrelid = oid
            union all select row('routine', oid::regprocedure, prokind, case when prokind <> 'a' then pg_get_functiondef(oid) end, pg_get_userbyid(proowner), 'source', prosrc,
                'grants', proacl, (select row(aggkind, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype, agginitval) from pg_aggregate where aggfnoid = oid))::text
                from pg_proc where pronamespace in (select oid from n)
            union all select row('type', name, typtype, pg_get_userbyid(typowner), format_type(nullif(typbasetype, 0), typtypmod), typnotnull, 'default', typdefault,
                (select collname from pg_collation c where c.oid = typcollation), 'labels', array(select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder),
                (select rngsubtype::regtype from pg_range where rngtypid = oid), 'grants', typacl)::text from t
            union all select row('trigger', pg_get_triggerdef(oid), tgenabled)::text from pg_trigger where tgrelid in (select oid from r) and not tgisinternal
            union all select row('event trigger', evtname, evtevent, evtfoid::regproc, evtenabled, evttags)::text from pg_event_trigger
            union all select row('rule', pg_get_ruledef(oid), ev_enabled)::text from pg_rewrite where ev_class in (select oid from r)
            union all select row('policy', polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid), 'check',
                pg_get_expr(polwithcheck, polrelid))::text from pg_policy where polrelid in (select oid from r)
            union all select row('operator', oid::regoperator, oprcode, oprrest, oprjoin, oprcom::regoperator, oprnegate::regoperator, oprcanmerge, oprcanhash)::text
                from pg_operator where oprnamespace in (select oid from n)
            union all select row('cast', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod)::text from pg_cast where oid >= 16384
            union all select row('statistics', pg_get_statisticsobjdef(oid), to_jsonb(s) -> 'stxstattarget')::text from pg_statistic_ext s where stxrelid in (select oid from r)
            union all select row('extension', extname, extversion, extnamespace::regnamespace)::text from pg_extension
            union all select row('publication', pubname, to_jsonb(p) - 'oid' - 'pubowner', array(select prrelid::regclass::text from pg_publication_rel where prpubid = p.oid order by 1))::text
                from pg_publication p
            union all select row('default grants', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl)::text from pg_default_acl
            union all select row('large object', oid, pg_get_userbyid(lomowner), lomacl, lo_get(oid))::text from pg_largeobject_metadata
            union all select row('comment', type, identity, description)::text from pg_description, pg_identify_object(classoid, objoid, objsubid)
                where (objoid >= 16384 or classoid = 'pg_namespace'::regclass) and identity !~ '\\mpgbang|schema_migrations'
            union all select distinct row('object', type, identity)::text from pg_depend, pg_identify_object(classid, objid, objsubid)
                where objid >= 16384 and classid <> 0 and identity !~ '^pg_(toast|temp)|\\mpgbang|schema_migrations|"RI_ConstraintTrigger'""";

    /** Something of every kind. */
    static final String BASE = """
            create schema app; create type mood as enum ('sad', 'ok'); create domain app.positive as int constraint above check (value > 0); create sequence numbers;
            create table t (id int primary key, n text default 'x', m mood, p app.positive, big text, d date);
            insert into t values (1, 'a', 'sad', 5), (2, 'a', 'ok', 6), (3, null, 'ok', 7); comment on table t is 'a table'; grant select on t to pg_monitor;
            create index t_n on t (n); create view v as select id, n from t; create materialized view mv as select n from t;
            create function f(a int) returns int language sql as 'select a + 1'; create procedure p() language plpgsql as 'begin null; end';
            create aggregate total(int) (sfunc = int4pl, stype = int); create operator === (leftarg = int, rightarg = int, function = int4eq);
            create function note() returns trigger language plpgsql as 'begin return new; end'; create trigger noted before insert on t for each row execute function note();
            create rule ignored as on insert to t where false do also nothing; create policy own on t using (id > 0); create statistics s on n, m from t;
            create table child () inherits (t); create table refers (t int constraint to_t references t); create table app.other (id int generated always as identity);
            create table parts (id int) partition by range (id); create table part partition of parts for values from (0) to (10); insert into parts values (1);
            create type pair as (a int, b text); create publication all_rows for table t with (publish = 'insert'); select lo_from_bytea(4711, 'large');
            create function note_all() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_start execute function note_all();
            """;

    /** One change in a line, each of which must be noticed. */
    static final String CHANGES = """
            insert into t values (4, 'a', 'ok', 7)
            insert into parts values (1)
            insert into app.other overriding system value values (1)
            update t set n = 'A' where id = 1
            update t set n = '' where id = 3
            delete from t where id = 2
            create index on t (m)
            drop index t_n
            drop index t_n; create index t_n on t (n desc)
            alter index t_n rename to n_t
            alter index t_n set (fillfactor = 50)
            alter table t cluster on t_n
            update pg_index set indisvalid = false where indexrelid = 't_n'::regclass
            create or replace function f(a int) returns int language sql as 'select a + 2'
            create or replace function f(a int) returns int language sql as 'select a + 1 '
            create or replace procedure p() language plpgsql as 'begin commit; end'
            create function f(a text) returns text language sql as 'select a'
            alter function f(int) immutable
            alter function f(int) set search_path = app
            alter function f(int) owner to pg_monitor
            revoke execute on function f(int) from public
            drop function f(int)
            drop aggregate total(int); create aggregate total(int) (sfunc = int4mul, stype = int)
            drop operator === (int, int)
            comment on table t is 'the table'
            comment on table t is null
            comment on column t.n is 'name'
            comment on index t_n is 'i'
            comment on function f(int) is 'f'
            comment on schema public is 'p'
            comment on constraint to_t on refers is 'c'
            do $$ begin execute format('comment on database %I is ''x''', current_database()); end $$
            do $$ begin execute format('grant create on database %I to public', current_database()); end $$
            do $$ begin execute format('alter database %I set app.x = 1', current_database()); end $$
            do $$ begin execute format('alter role postgres in database %I set app.x = 1', current_database()); end $$
            grant insert on t to pg_monitor
            grant select on t to pg_monitor with grant option
            grant select (n) on t to public
            revoke select on t from pg_monitor
            grant usage on schema app to public
            grant usage on type mood to pg_monitor
            grant usage on sequence numbers to public
            grant select on large object 4711 to public
            alter default privileges grant select on tables to pg_monitor
            alter default privileges in schema app grant select on tables to pg_monitor
            alter table t owner to pg_monitor
            alter schema app owner to pg_monitor
            alter type mood owner to pg_monitor
            alter table t alter n set default 'y'
            alter table t alter n drop default
            alter table t alter d set default now()
            alter table t alter m set not null
            alter table t alter d type timestamp
            alter table t alter big type varchar(9)
            alter table t alter big set storage external
            alter table t alter n set statistics 5
            alter table t alter n set (n_distinct = 5)
            alter table t add x int
            alter table t drop d
            alter table t drop d; alter table t add d date
            alter table t rename n to name
            alter table t rename to tt
            alter table t set schema app
            alter table t set (fillfactor = 50)
            alter table refers set unlogged
            alter table t enable row level security
            alter table t force row level security
            alter table t replica identity full
            alter table child no inherit t
            alter table parts detach partition part
            create table y ()
            drop table refers
            alter table t add check (id > 0)
            alter table t add constraint c check (id > 0) not valid
            alter table t add unique (n, id)
            alter table refers drop constraint to_t
            alter table refers rename constraint to_t to t_to
            alter table refers alter constraint to_t deferrable
            alter type mood add value 'new'
            alter type mood add value 'new' before 'sad'
            alter type mood rename value 'ok' to 'fine'
            alter type pair add attribute c int
            drop type pair
            create type empty as enum ()
            alter domain app.positive drop constraint above
            alter domain app.positive set default 1
            alter domain app.positive set not null
            create or replace view v as select id, n from t where id > 0
            alter view v set (security_barrier)
            create view w as select 1 x
            refresh materialized view mv with no data
            insert into t values (4, 'b'); refresh materialized view mv; delete from t where id = 4
            create or replace rule ignored as on insert to t where true do also nothing
            create rule also as on update to t do also nothing
            alter table t disable rule ignored
            alter table t disable trigger noted
            drop trigger noted on t
            create trigger again after insert on t execute function note()
            alter event trigger e disable
            drop event trigger e
            alter policy own on t using (id > 1)
            alter policy own on t to pg_monitor
            create policy more on t for select using (true)
            alter sequence numbers restart 5
            alter sequence numbers increment 2
            alter sequence numbers owned by t.id
            alter sequence numbers as int
            alter table app.other alter id set generated by default
            drop statistics s
            alter publication all_rows drop table t
            alter publication all_rows set (publish = 'insert, truncate')
            select lo_put(4711, 0, 'L')
            select lo_create(4712)
            create cast (text as mood) with inout
            create collation c from "C"
            create conversion c for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1
            create text search configuration c (copy = simple)
            create foreign data wrapper w; create server s foreign data wrapper w
            create schema empty
            drop extension plpgsql cascade
            """;

    @Test
    void the_comparison_notices_every_change() throws Exception {
        try (var connection = servers.connect(servers.database()); var statement = connection.createStatement()) {
            statement.execute(BASE);
            var before = state(connection);
            connection.setAutoCommit(false);
            for (var change : CHANGES.lines().toList()) {
                statement.execute(change);
                assertThat(differences(before, state(connection))).as(change).isNotEmpty();
                connection.rollback();
            }
            assertThat(differences(before, state(connection))).isEmpty();
        }
    }

    @Test
    void the_comparison_sees_neither_the_order_of_making_nor_what_the_runner_keeps() throws Exception {
        try (var one = servers.connect(servers.database());
                var other = servers.connect(servers.database());
                var first = one.createStatement();
                var second = other.createStatement()) {
            first.execute(BASE);
            second.execute(
                    "create table junk (id serial primary key, t text); drop table junk; create schema pgbang; create table pgbang.journal (id serial primary key, t text);"
                            + "create table schema_migrations (version text primary key, t text default 'x'); comment on table schema_migrations is 'ours';"
                    + "create table pgbang_failed_migrations (id serial primary key)");
            second.execute(BASE);
            second.execute("update t set n = n; insert into schema_migrations values ('001'); insert into pgbang.journal default values");
            assertThat(state(one)).hasSizeGreaterThan(100);
            assertThat(differences(state(one), state(other))).isEmpty();
        }
    }
}
