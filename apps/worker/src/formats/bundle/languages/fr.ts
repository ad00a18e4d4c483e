/** The readmes in French. */
import type { Key } from './en.js';
import type { Language, Text } from './speaker.js';

const texts: Record<Key, Text> = {
  title: 'Données foncières du projet {project} ({organization})',
  source: '{software} les a lues sur la plateforme où le projet est tenu.',
  notWhole:
    'CETTE EXPORTATION N’EST PAS COMPLÈTE. Il manque : {what}. Ce qui manque exactement, et pourquoi, est dit plus bas sous « {heading} ».',
  thisExport: 'Cette exportation',
  project: 'Projet',
  description: 'Description',
  country: 'Pays',
  organization: 'Organisation',
  askedFor: 'Demandé',
  read: 'Lu',
  readAtOnce: 'tout tel que c’était à un même instant',
  readByPage: 'page par page, et non à un même instant : ce qui a été modifié entre-temps peut ne pas concorder',
  askedBy: 'Demandé par',
  askedAt: 'Demandé le',
  export: 'Exportation',
  bundle: 'Archive',

  missing: 'Ce qui manque',
  missingRange: 'Les enregistrements {first} à {last} ({list})',
  missingOne: 'L’enregistrement {first} ({list})',
  missingEmpty: 'La partie {part} ({list}), où aucun enregistrement n’a été compté,',
  missingAre: '{what} manquent : {why}.',
  missingIs: '{what} manque : {why}.',
  missingShare: '{part} sur {all}',
  missingEverywhere:
    'Ils manquent dans tous les fichiers ; ce qui est là peut y renvoyer. Comptés dans l’ordre de la plateforme.',
  missingAgain: 'Relancer bientôt l’exportation depuis sa page ne lit que ce qui manque.',

  relationships: 'relations',
  parties: 'parties',
  locations: 'lieux',
  resources: 'ressources',
  countRelationships: { one: '{count} relation', many: '{count} de relations', other: '{count} relations' },
  countParties: { one: '{count} partie', many: '{count} de parties', other: '{count} parties' },
  countLocations: { one: '{count} lieu', many: '{count} de lieux', other: '{count} lieux' },
  countResources: { one: '{count} ressource', many: '{count} de ressources', other: '{count} ressources' },
  countRecords: { one: '{count} enregistrement', many: '{count} d’enregistrements', other: '{count} enregistrements' },
  countBytes: { one: '{count} octet', many: '{count} d’octets', other: '{count} octets' },

  files: 'Fichiers',
  fileReadme: 'ce texte',
  fileManifest: 'la même chose pour les programmes, avec une somme SHA-256 de chaque fichier',

  howToRead: 'Comment les lire',
  csv: 'Les fichiers .csv sont des tableaux : UTF-8, cellules séparées par des {delimiter} ; la première ligne porte les noms des colonnes. Une liste est écrite avec des virgules entre ses éléments, une réponse imbriquée en JSON, et ce qui n’a pas reçu de réponse est vide.',
  csvLabels:
    'Les fichiers .csv sont des tableaux : UTF-8, cellules séparées par des {delimiter} ; la première ligne porte les noms des colonnes, la deuxième les questions telles que le formulaire les pose. Une liste est écrite avec des virgules entre ses éléments, une réponse imbriquée en JSON, et ce qui n’a pas reçu de réponse est vide.',
  commas: 'virgules',
  semicolons: 'points-virgules',
  tabs: 'tabulations',
  bars: 'barres verticales',
  csvFormulas:
    "Un texte qu’un tableur prendrait pour une formule (qui commence par = + - @, une tabulation ou une fin de ligne) est précédé d’une apostrophe ' qui ne fait pas partie de la réponse.",
  csvRelationships:
    'relationships.csv dit quelle partie détient quel droit sur quel lieu : party_id est un id de parties.csv, spatial_unit_id est un id de locations.csv.',
  jsonDocuments:
    'locations.geojson est du GeoJSON (RFC 7946), {documents} sont du JSON : chaque enregistrement avec ses réponses telles qu’elles ont été données, dans leur propre type, sous attributes par les noms des questions. Une question qui n’a pas été posée à un enregistrement n’y figure pas ; une question laissée ouverte peut valoir null.',
  jsonLines:
    '{files} ont un enregistrement par ligne (JSON délimité par des fins de ligne, sans séparateurs d’enregistrements), pour les programmes qui lisent enregistrement par enregistrement.',
  jsonIds: 'Dans {relationships}, party_id est un id de {parties}, spatial_unit_id est un id de {locations}.',
  workbook:
    '{file} est un classeur pour LibreOffice, Excel et semblables, avec les feuilles {sheets}. Dans la feuille relationships, party_id est un id de la feuille parties, spatial_unit_id est un id de la feuille locations. Une liste est écrite avec des virgules entre ses éléments, une réponse imbriquée en JSON.',
  workbookNumbers:
    'Les nombres entiers de plus de 15 chiffres y sont des textes, car un tableur perdrait les derniers chiffres ; et aucun texte n’est une formule. Un caractère qu’un classeur ne peut contenir est écrit par son numéro, comme _x0001_.',
  workbookLong:
    'Un texte de plus de {limit} caractères est coupé dans sa cellule, qui le dit ; {file} l’a en entier, par feuille, id et colonne.',
  geoPackage:
    '{file} est un GeoPackage pour QGIS, ArcGIS, GDAL et tout programme qui lit SQLite. Il a les tables {tables}. Il y a une couche pour chaque type de géométrie du projet, avec toutes les réponses en colonnes de leur propre type ; une colonne dont les réponses sont de plusieurs types est une colonne de textes.',
  geoPackageIds:
    'Dans la table relationships, party_id est l’id d’une des parties, spatial_unit_id est l’id d’un lieu. Une liste est écrite avec des virgules entre ses éléments, une réponse imbriquée en JSON.',
  flatGeobuf:
    '{files} sont du FlatGeobuf, pour QGIS, GDAL et les cartes web : un fichier pour chaque type de géométrie, dont l’index permet à un programme de ne lire que ce qu’il montre, avec toutes les réponses en colonnes de leur propre type. Le format n’a pas de dates seules : un programme peut montrer le premier instant du jour.',
  flatGeobufTables: '{files} sont des tables sans géométries.',
  parquet:
    '{files} sont du Parquet, pour DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS et semblables, avec toutes les réponses en colonnes de leur propre type.',
  geoParquet:
    'locations.parquet est du GeoParquet 1.1 : la colonne geometry a les géométries de tous les types (WKB), la colonne bbox leurs étendues.',
  resourceFiles:
    '{file} indique ce qu’est chaque fichier de ressource et à quels enregistrements il appartient. Les fichiers sont tels qu’ils ont été envoyés.',
  geometries: 'Les géométries sont en longitude et latitude, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt en dit plus sur les shapefiles et sur la façon de les joindre aux tableaux.',
  ewkt: 'La colonne geometry.ewkt de locations.csv est de l’EWKT : du WKT après SRID=4326;, comme PostGIS le prend. GDAL le prend pour un texte, sauf si on lui dit :',
  wkt: 'La colonne geometry.wkt de locations.csv est du Well-Known Text. GDAL la trouve par son nom :',
  geojsonColumn: 'La colonne geometry.geojson de locations.csv est du GeoJSON (RFC 7946). GDAL la trouve par son nom :',
  noGeometry: 'locations.csv n’a pas de géométries : l’exportation a été demandée sans elles.',
  columns: 'Colonnes',

  warnings: 'Avertissements',
  warningsNone: 'Aucun : chaque enregistrement est dans tous les fichiers où il a sa place.',
  warningsNoneElse: 'Aucun, hormis ce qui manque.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} et d’autres)',

  shpTitle: 'Shapefiles des lieux du projet {project} ({organization}), et comment s’en servir',
  whySeveral: 'Pourquoi il y en a plusieurs',
  shpWhy:
    'Un shapefile ne peut contenir qu’un type de géométrie, mais les lieux d’un projet peuvent être des points, des lignes, des surfaces ou des groupes de ceux-ci. Il y a donc un shapefile pour chaque type de géométrie du projet.',
  which: 'Lesquels il y a',
  points: 'points isolés',
  linestrings: 'lignes isolées',
  polygons: 'surfaces isolées, avec ou sans trous',
  multipoints: 'groupes de points',
  multilinestrings: 'groupes de lignes',
  multipolygons: 'groupes de surfaces',
  shpIsThere: '{locations} : {shapes}',
  shpAbsent: '(pas de {family})',
  shpProjectHasNone: 'le projet n’en a pas ({shapes})',
  shpHereAreNone: 'ce qui est là n’en a pas ({shapes})',
  shpLacking:
    'Tous les lieux du projet ne sont pas ici : README.txt dit sous « {heading} » lesquels manquent, et pourquoi.',
  shpParts:
    'Chaque .shp a besoin, à côté de lui, des fichiers du même nom : .shx (index), .dbf (table), .prj (système de coordonnées : WGS 84, EPSG:4326) et .cpg (codage du texte : UTF-8). Ouvrez le .shp. Un nom qui finit par _2 est la suite d’un fichier qui était plein.',
  shpHeights:
    'Les altitudes sont conservées. Là où certains lieux d’un fichier en ont une et d’autres non, ces derniers ont l’altitude 0.',
  howToJoin: 'Comment les joindre aux tableaux',
  shpNoTables: 'Cette archive n’a pas de tableaux : l’exportation a été demandée sans eux.',
  joinTwo:
    'Leurs tables ont deux colonnes, id et type. Tout le reste est dans les fichiers .csv, car un shapefile coupe les longs textes et les noms des colonnes.',
  joinAll:
    'Leurs tables ont aussi les réponses, autant qu’un shapefile le peut : il coupe les longs textes et les noms des colonnes. Les fichiers .csv ont tout en entier.',
  joinById:
    'Pour voir les réponses d’un lieu, joignez par id : l’id d’une forme est l’id dans locations.csv, et le spatial_unit_id dans relationships.csv, dont le party_id est l’id dans parties.csv.',
  joinQgis:
    'Dans QGIS : ouvrez le .shp et locations.csv, puis, dans les propriétés de la couche du shapefile, sous Jointures, ajoutez une jointure avec locations comme couche et id comme les deux champs.',
  joinGdal: 'Avec GDAL :',
  shpFields: 'Noms des colonnes',
  shpFieldNames:
    'Les tables ont aussi toutes les réponses. Le nom d’une colonne a dix octets au plus, et chacun est une lettre, un chiffre ou un tiret bas : les réponses sont sous ces noms, et manifest.json a la même chose pour les programmes.',
  shpFieldTypes:
    'Après le nom vient le type : C est un texte d’autant d’octets, N un nombre d’autant de caractères et de décimales, D une date, L vrai (T) ou faux (F) ; ce qui n’a pas reçu de réponse est en blanc. Un texte vide vaut une absence de réponse, et les espaces à la fin d’un texte sont perdues. Une liste est écrite avec des virgules entre ses éléments, une réponse imbriquée en JSON.',
  shpLeftOut: 'Lieux qui ne sont dans aucun shapefile',
  shpChanged: 'Ce qui n’est pas dans les shapefiles tel qu’il a été donné',
  shpAllThere: 'Aucun : chaque lieu est dans un des shapefiles.',
  shpNoneOfThese: 'Aucun de ceux qui sont ici.',
  onlyInCsv: ' (seulement dans locations.csv)',
};

export const fr: Language = {
  texts,
  labels: {
    'Identifier of the tenure relationship': 'Identifiant de la relation foncière',
    'Identifier of the party that holds the right (the id of one of the parties)':
      'Identifiant de la partie qui détient le droit (l’id d’une des parties)',
    'Identifier of the spatial unit it is held to (the id of one of the locations)':
      'Identifiant de l’unité spatiale concernée (l’id d’un des lieux)',
    'Code of the kind of tenure': 'Code du type de tenure',
    'Identifier of the party': 'Identifiant de la partie',
    'Name of the party': 'Nom de la partie',
    'IN individual, CO corporation, GR group': 'IN personne, CO société, GR groupe',
    'Identifier of the spatial unit': 'Identifiant de l’unité spatiale',
    'Code of the kind of spatial unit': 'Code du type d’unité spatiale',
    'Area in square metres, where the platform knows it': 'Surface en mètres carrés, si la plateforme la connaît',
    'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded':
      'Géométrie en EWKT, longitude et latitude en WGS 84 (SRID 4326) ; vide si aucune n’a été relevée',
  },
  warnings: {
    'shapefile-null-geometry': {
      one: '{count} lieu n’est pas dans les shapefiles{only} : aucune géométrie n’a été relevée',
      other: '{count} lieux ne sont pas dans les shapefiles{only} : aucune géométrie n’a été relevée',
    },
    'shapefile-empty-geometry': {
      one: '{count} lieu n’est pas dans les shapefiles{only} : sa géométrie est vide',
      other: '{count} lieux ne sont pas dans les shapefiles{only} : leur géométrie est vide',
    },
    'shapefile-geometry-collection': {
      one: '{count} lieu n’est pas dans les shapefiles{only} : sa géométrie réunit plusieurs types, ce qu’aucun shapefile ne peut contenir',
      other:
        '{count} lieux ne sont pas dans les shapefiles{only} : leur géométrie réunit plusieurs types, ce qu’aucun shapefile ne peut contenir',
    },
    'shapefile-not-finite': {
      one: '{count} lieu n’est pas dans les shapefiles{only} : une coordonnée n’est pas un nombre fini',
      other: '{count} lieux ne sont pas dans les shapefiles{only} : une coordonnée n’est pas un nombre fini',
    },
    'shapefile-too-few-points': {
      one: '{count} lieu n’est pas dans les shapefiles{only} : une ligne a moins de deux points, ou un anneau moins de trois sommets',
      other:
        '{count} lieux ne sont pas dans les shapefiles{only} : une ligne a moins de deux points, ou un anneau moins de trois sommets',
    },
    'shapefile-text-cut': {
      one: '{count} texte coupé dans {file} aux 254 octets que tient un champ dBase',
      other: '{count} textes coupés dans {file} aux 254 octets que tient un champ dBase',
    },
    'shapefile-columns-left-out': {
      one: '{count} attribut n’est pas dans {file}, car une telle table a la place de 255 colonnes : {names}',
      other: '{count} attributs ne sont pas dans {file}, car une telle table a la place de 255 colonnes : {names}',
    },
    'shapefile-no-character': {
      one: '{count} lieu a dans {file} � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
      other: '{count} lieux ont dans {file} � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
    },
    'shapefile-spaces': {
      one: '{count} lieu a dans {file} un texte sans les espaces de sa fin, qui remplissent de toute façon un champ dBase',
      other:
        '{count} lieux ont dans {file} un texte sans les espaces de sa fin, qui remplissent de toute façon un champ dBase',
    },
    'geojson-not-finite': {
      one: '{count} lieu est sans sa géométrie dans {files} : une coordonnée n’est pas un nombre fini, ce que JSON ne peut contenir',
      other:
        '{count} lieux sont sans leur géométrie dans {files} : une coordonnée n’est pas un nombre fini, ce que JSON ne peut contenir',
    },
    'geojson-too-few-points': {
      one: '{count} lieu a dans {files} une géométrie que GeoJSON n’admet pas : une ligne a moins de deux points, ou un anneau moins de trois sommets ; elle est écrite comme elle a été relevée',
      other:
        '{count} lieux ont dans {files} une géométrie que GeoJSON n’admet pas : une ligne a moins de deux points, ou un anneau moins de trois sommets ; elles sont écrites comme elles ont été relevées',
    },
    'geojson-out-of-range': {
      one: '{count} lieu de {files} est là où il n’y a pas de lieu sur Terre : une longitude dépasse 180 degrés ou une latitude 90 ; il est écrit comme il a été relevé',
      other:
        '{count} lieux de {files} sont là où il n’y a pas de lieu sur Terre : une longitude dépasse 180 degrés ou une latitude 90 ; ils sont écrits comme ils ont été relevés',
    },
    'geojson-antimeridian': {
      one: '{count} lieu de {files} a une ligne de plus de 180 degrés de longitude : elle traverse peut-être l’antiméridien, mais beaucoup de programmes la dessinent autour du monde ; elle est écrite comme elle a été relevée',
      other:
        '{count} lieux de {files} ont une ligne de plus de 180 degrés de longitude : elles traversent peut-être l’antiméridien, mais beaucoup de programmes les dessinent autour du monde ; elles sont écrites comme elles ont été relevées',
    },
    'csv-not-finite': {
      one: '{count} lieu est sans sa géométrie dans locations.csv : une coordonnée n’est pas un nombre fini, ce que GeoJSON ne peut contenir',
      other:
        '{count} lieux sont sans leur géométrie dans locations.csv : une coordonnée n’est pas un nombre fini, ce que GeoJSON ne peut contenir',
    },
    'csv-no-character': {
      one: '{count} enregistrement a dans {file} � à la place d’un demi-caractère, pour lequel UTF-8 n’a pas de place',
      other:
        '{count} enregistrements ont dans {file} � à la place d’un demi-caractère, pour lequel UTF-8 n’a pas de place',
    },
    'xlsx-text-cut': {
      one: '{count} enregistrement a dans le classeur un texte coupé aux 32 767 caractères que tient une cellule ; long_texts.csv l’a en entier',
      other:
        '{count} enregistrements ont dans le classeur un texte coupé aux 32 767 caractères que tient une cellule ; long_texts.csv l’a en entier',
    },
    'fgb-empty-geometry': {
      one: '{count} lieu est dans locations_without_geometry.fgb : sa géométrie est vide, ce pour quoi un index spatial n’a pas de place',
      other:
        '{count} lieux sont dans locations_without_geometry.fgb : leur géométrie est vide, ce pour quoi un index spatial n’a pas de place',
    },
    'fgb-height-added': {
      one: '{count} lieu a la hauteur 0 dans un fichier .fgb alors qu’aucune n’a été relevée : d’autres du fichier ont une hauteur, et tous en ont une, ou aucun',
      other:
        '{count} lieux ont la hauteur 0 dans un fichier .fgb alors qu’aucune n’a été relevée : d’autres du fichier ont une hauteur, et tous en ont une, ou aucun',
    },
    'fgb-empty-member': {
      one: '{count} lieu est dans geometrycollections.fgb sans les membres qui sont vides',
      other: '{count} lieux sont dans geometrycollections.fgb sans les membres qui sont vides',
    },
    'gpkg-not-finite': {
      one: '{count} lieu est sans sa géométrie en GeoPackage : une coordonnée n’est pas un nombre fini',
      other: '{count} lieux sont sans leur géométrie en GeoPackage : une coordonnée n’est pas un nombre fini',
    },
    'gpkg-no-character': {
      one: '{count} enregistrement a en GeoPackage � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
      other:
        '{count} enregistrements ont en GeoPackage � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
    },
    'fgb-not-finite': {
      one: '{count} lieu est sans sa géométrie en FlatGeobuf : une coordonnée n’est pas un nombre fini',
      other: '{count} lieux sont sans leur géométrie en FlatGeobuf : une coordonnée n’est pas un nombre fini',
    },
    'fgb-no-character': {
      one: '{count} enregistrement a en FlatGeobuf � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
      other:
        '{count} enregistrements ont en FlatGeobuf � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
    },
    'parquet-not-finite': {
      one: '{count} lieu est sans sa géométrie en Parquet : une coordonnée n’est pas un nombre fini',
      other: '{count} lieux sont sans leur géométrie en Parquet : une coordonnée n’est pas un nombre fini',
    },
    'parquet-no-character': {
      one: '{count} enregistrement a en Parquet � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
      other:
        '{count} enregistrements ont en Parquet � à la place de ce qui n’est pas un caractère (U+0000, ou la moitié d’un)',
    },
    'resources-archived': {
      one: '{count} ressource est absente : archivée sur la plateforme, et non demandée (includeArchived)',
      other: '{count} ressources sont absentes : archivées sur la plateforme, et non demandées (includeArchived)',
    },
    'resources-text-cut': {
      one: '{count} ressource a dans resources.xlsx un texte coupé aux 32 767 caractères que tient une cellule ; resources_long_texts.csv l’a en entier',
      other:
        '{count} ressources ont dans resources.xlsx un texte coupé aux 32 767 caractères que tient une cellule ; resources_long_texts.csv l’a en entier',
    },
    'party-absent': {
      one: '{count} relation nomme une partie qui n’est pas parmi les parties d’ici',
      other: '{count} relations nomment une partie qui n’est pas parmi les parties d’ici',
    },
    'location-absent': {
      one: '{count} relation nomme un lieu qui n’est pas parmi les lieux d’ici',
      other: '{count} relations nomment un lieu qui n’est pas parmi les lieux d’ici',
    },
    'id-repeated':
      '{count} enregistrements sont venus plus d’une fois de la plateforme : chaque identifiant est une fois dans les fichiers, tel qu’il est venu d’abord',
    'snapshot-lost':
      'Les enregistrements devaient être lus tels qu’ils étaient à un même instant, mais cette vue du projet a été perdue : {count} parties sur {parts} ont été lues telles qu’elles étaient plus tard et peuvent ne pas concorder avec les autres ; pour être sûr, redemandez l’export',
    'count-changed':
      'Le projet a changé pendant la lecture : entre ce que la plateforme a compté au début et ce qu’elle a donné, il y a une différence de {count} ; les détails sont dans manifest.json, en anglais',
  },
};
