#!/bin/sh
# Makes the tables and the first user where there are none, else brings the tables up to date.
set -eu
cd /usr/share/mediawiki/maintenance

installed() {
    php -r '
        $password = trim(file_get_contents("/run/secrets/db_password"));
        [$host, $port, $name] = array_map("getenv", ["DB_HOST", "DB_PORT", "DB_NAME"]);
        $db = pg_connect("host=$host port=$port dbname=$name user=$name password=$password") or exit(2);
        $made = pg_fetch_result(pg_query($db, "SELECT to_regclass(\$\$mediawiki.site_stats\$\$)"), 0);
        exit($made === null ? 1 : 0);'
}

if installed; then
    exec php update.php --quick
fi
# The installer insists on writing settings, which are not used: the image has its own.
MW_CONFIG_FILE=/tmp/none.php exec php install.php --confpath /tmp \
    --server "$WIKI_URL" --scriptpath '' \
    --dbtype postgres --dbserver "$DB_HOST" --dbport "$DB_PORT" --dbschema mediawiki \
    --dbname "$DB_NAME" --dbuser "$DB_NAME" --dbpassfile /run/secrets/db_password \
    --passfile /run/secrets/wiki_admin_password "$WIKI_NAME" "$WIKI_ADMIN"
