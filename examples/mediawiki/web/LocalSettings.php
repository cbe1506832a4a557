<?php
// The wiki's settings; what differs from one place to another comes from the environment.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

$wgSitename = getenv( 'WIKI_NAME' );
$wgServer = getenv( 'WIKI_URL' );
$wgScriptPath = '';
$wgSecretKey = trim( file_get_contents( '/run/secrets/wiki_key' ) );
$wgEnableUploads = true;
// Translated messages in files of each replica's own; in the database, replicas that start together
// would write them at once.
$wgCacheDirectory = '/var/lib/mediawiki/cache';

$wgDBtype = 'postgres';
$wgDBmwschema = 'mediawiki';
$wgDBserver = getenv( 'DB_HOST' );
$wgDBport = (int)getenv( 'DB_PORT' );
$wgDBname = getenv( 'DB_NAME' );
$wgDBuser = getenv( 'DB_NAME' );
$wgDBpassword = trim( file_get_contents( '/run/secrets/db_password' ) );

// Sessions in Redis: whoever logs in at one replica is known to the other.
$wgObjectCaches['redis'] = [
	'class' => 'RedisBagOStuff',
	'servers' => [ getenv( 'CACHE_HOST' ) . ':' . getenv( 'CACHE_PORT' ) ],
];
$wgMainCacheType = 'redis';
$wgSessionCacheType = 'redis';

wfLoadSkin( 'Vector' );
