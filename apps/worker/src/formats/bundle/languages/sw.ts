/** The readmes in Swahili. */
import type { Key } from './en.js';
import type { Language, Text } from './speaker.js';

const texts: Record<Key, Text> = {
  title: 'Rekodi za umiliki wa ardhi za mradi {project} ({organization})',
  source: '{software} ilizisoma kutoka kwenye jukwaa ambamo mradi umehifadhiwa.',
  notWhole:
    'UHAMISHAJI HUU HAUJAKAMILIKA. Kinachokosekana: {what}. Ni nini hasa, na kwa nini, imeelezwa hapa chini katika "{heading}".',
  thisExport: 'Uhamishaji huu',
  project: 'Mradi',
  description: 'Maelezo',
  country: 'Nchi',
  organization: 'Shirika',
  askedFor: 'Kilichoombwa',
  read: 'Kilisomwa',
  readAtOnce: 'vyote kama vilivyokuwa kwa wakati mmoja',
  readByPage: 'ukurasa kwa ukurasa, si kwa wakati mmoja: yaliyobadilishwa wakati huo huenda yasilingane',
  askedBy: 'Kiliombwa na',
  askedAt: 'Kiliombwa tarehe',
  export: 'Uhamishaji',
  bundle: 'Kifurushi',

  missing: 'Kinachokosekana',
  missingRange: 'Rekodi {first} hadi {last} za {list}',
  missingOne: 'Rekodi {first} ya {list}',
  missingEmpty: 'Sehemu {part} ya {list}, ambamo hakuna rekodi zilizohesabiwa,',
  missingAre: '{what} hazipo: {why}.',
  missingIs: '{what} haipo: {why}.',
  missingShare: '{part} kati ya {all}',
  missingEverywhere: 'Hazipo katika faili zote; zilizopo zinaweza kuzirejelea. Zimehesabiwa kwa mpangilio wa jukwaa.',
  missingAgain: 'Kujaribu uhamishaji tena hivi karibuni kwenye ukurasa wake husoma kinachokosekana tu.',

  relationships: 'mahusiano',
  parties: 'wahusika',
  locations: 'maeneo',
  resources: 'rasilimali',
  countRelationships: { one: 'uhusiano {count}', other: 'mahusiano {count}' },
  countParties: { one: 'mhusika {count}', other: 'wahusika {count}' },
  countLocations: { one: 'eneo {count}', other: 'maeneo {count}' },
  countResources: { one: 'rasilimali {count}', other: 'rasilimali {count}' },
  countRecords: { one: 'rekodi {count}', other: 'rekodi {count}' },
  countBytes: { one: 'baiti {count}', other: 'baiti {count}' },

  files: 'Faili',
  fileReadme: 'maandishi haya',
  fileManifest: 'yaleyale kwa ajili ya programu, pamoja na SHA-256 ya kila faili',

  howToRead: 'Jinsi ya kuzisoma',
  csv: 'Faili za .csv ni majedwali: UTF-8, seli zimetenganishwa kwa {delimiter}, mstari wa kwanza una majina ya safu. Orodha imeandikwa kwa mkato kati ya vipengele vyake, jibu lenye majibu ndani yake kama JSON, na kisichojibiwa kimeachwa wazi.',
  csvLabels:
    'Faili za .csv ni majedwali: UTF-8, seli zimetenganishwa kwa {delimiter}, mstari wa kwanza una majina ya safu, wa pili una maswali kama yalivyo kwenye fomu. Orodha imeandikwa kwa mkato kati ya vipengele vyake, jibu lenye majibu ndani yake kama JSON, na kisichojibiwa kimeachwa wazi.',
  commas: 'mikato',
  semicolons: 'nukta-mikato',
  tabs: 'vichupo (tab)',
  bars: 'mistari wima',
  csvFormulas:
    "Maandishi ambayo programu ya lahajedwali ingeyachukulia kuwa fomula (yanayoanza na = + - @, kichupo au mwisho wa mstari) yana alama ' mbele yake, ambayo si sehemu ya jibu.",
  csvRelationships:
    'relationships.csv inasema ni mhusika yupi ana haki gani kwa eneo lipi: party_id ni id katika parties.csv, spatial_unit_id ni id katika locations.csv.',
  jsonDocuments:
    'locations.geojson ni GeoJSON (RFC 7946), {documents} ni JSON: kila rekodi na majibu yake kama yalivyotolewa, kwa aina yake yenyewe, ndani ya attributes kwa majina ya maswali. Swali ambalo rekodi haikuulizwa halipo hapo; lililoachwa wazi linaweza kuwa null.',
  jsonLines:
    '{files} zina rekodi moja kwa kila mstari (JSON iliyotenganishwa kwa mistari, bila vitenganishi vya rekodi), kwa programu zinazosoma rekodi moja moja.',
  jsonIds: 'Katika {relationships}, party_id ni id katika {parties}, spatial_unit_id ni id katika {locations}.',
  workbook:
    '{file} ni kitabu cha kazi cha LibreOffice, Excel na mfano wake, chenye laha {sheets}. Katika laha relationships, party_id ni id katika laha parties, spatial_unit_id ni id katika laha locations. Orodha imeandikwa kwa mkato kati ya vipengele vyake, jibu lenye majibu ndani yake kama JSON.',
  workbookNumbers:
    'Namba nzima zenye tarakimu zaidi ya 15 ni maandishi humo, kwa kuwa lahajedwali ingepoteza tarakimu za mwisho; na hakuna maandishi yaliyo fomula. Herufi ambayo kitabu cha kazi hakiwezi kushika imeandikwa kwa namba yake, kama _x0001_.',
  workbookLong:
    'Maandishi yenye herufi zaidi ya {limit} yamekatwa katika seli yake, ambayo inasema hivyo; {file} inayo yote, kwa laha, id na safu.',
  geoPackage:
    '{file} ni GeoPackage ya QGIS, ArcGIS, GDAL na kila programu inayosoma SQLite. Ina majedwali {tables}. Kuna tabaka kwa kila aina ya jiometri ambayo mradi unayo, na majibu yote kama safu za aina zake zenyewe; safu ambayo majibu yake ni ya aina kadhaa ni ya maandishi.',
  geoPackageIds:
    'Katika jedwali relationships, party_id ni id ya mmoja wa wahusika, spatial_unit_id ni id ya eneo. Orodha imeandikwa kwa mkato kati ya vipengele vyake, jibu lenye majibu ndani yake kama JSON.',
  flatGeobuf:
    '{files} ni FlatGeobuf, kwa QGIS, GDAL na ramani za wavuti: faili moja kwa kila aina ya jiometri, ambayo faharasa yake huwezesha programu kusoma tu inachoonyesha, na majibu yote kama safu za aina zake zenyewe. Muundo huu hauna tarehe pekee: programu inaweza kuonyesha mwanzo wa siku.',
  flatGeobufTables: '{files} ni majedwali yasiyo na jiometri.',
  parquet:
    '{files} ni Parquet, kwa DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS na mfano wake, na majibu yote kama safu za aina zake zenyewe.',
  geoParquet:
    'locations.parquet ni GeoParquet 1.1: safu geometry ina jiometri za aina zote (WKB), safu bbox ina mipaka yake.',
  resourceFiles:
    '{file} inaeleza kila faili la rasilimali ni nini na ni la rekodi zipi. Mafaili yako kama yalivyopakiwa.',
  geometries: 'Jiometri ziko kwa longitudo na latitudo, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt inaeleza zaidi kuhusu shapefile, na jinsi ya kuziunganisha na majedwali.',
  ewkt: 'Safu geometry.ewkt ya locations.csv ni EWKT: WKT baada ya SRID=4326;, kama PostGIS inavyoipokea. GDAL huichukulia kuwa maandishi isipoambiwa:',
  wkt: 'Safu geometry.wkt ya locations.csv ni Well-Known Text. GDAL huipata kwa jina lake:',
  geojsonColumn: 'Safu geometry.geojson ya locations.csv ni GeoJSON (RFC 7946). GDAL huipata kwa jina lake:',
  noGeometry: 'locations.csv haina jiometri: uhamishaji uliombwa bila hizo.',
  columns: 'Safu',

  warnings: 'Maonyo',
  warningsNone: 'Hakuna: kila rekodi iko katika kila faili inapopaswa kuwa.',
  warningsNoneElse: 'Hakuna, isipokuwa kinachokosekana.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} na nyingine)',

  shpTitle: 'Shapefile za maeneo ya mradi {project} ({organization}), na jinsi ya kuzitumia',
  whySeveral: 'Kwa nini ziko kadhaa',
  shpWhy:
    'Shapefile inaweza kushika aina moja tu ya jiometri, lakini maeneo ya mradi yanaweza kuwa nukta, mistari, poligoni, au vikundi vya hivi. Kwa hiyo kuna shapefile moja kwa kila aina ya jiometri ambayo mradi unayo.',
  which: 'Zilizopo',
  points: 'nukta moja moja',
  linestrings: 'mistari mmoja mmoja',
  polygons: 'poligoni moja moja, zenye matundu au bila matundu',
  multipoints: 'vikundi vya nukta',
  multilinestrings: 'vikundi vya mistari',
  multipolygons: 'vikundi vya poligoni',
  shpIsThere: '{locations}: {shapes}',
  shpAbsent: '(hakuna {family})',
  shpProjectHasNone: 'mradi hauna {shapes}',
  shpHereAreNone: 'vilivyopo hapa havina {shapes}',
  shpLacking: 'Si maeneo yote ya mradi yako hapa: README.txt inaeleza katika "{heading}" ni yapi hayapo, na kwa nini.',
  shpParts:
    'Kila .shp inahitaji faili za jina hilohilo kando yake: .shx (faharasa), .dbf (jedwali), .prj (mfumo wa viwianishi: WGS 84, EPSG:4326) na .cpg (usimbaji wa maandishi: UTF-8). Fungua .shp. Jina linaloishia na _2 ni mwendelezo wa faili iliyojaa.',
  shpHeights:
    'Vimo vimehifadhiwa. Pale ambapo baadhi ya maeneo ya faili yana kimo na mengine hayana, hayo yana kimo 0.',
  howToJoin: 'Jinsi ya kuziunganisha na majedwali',
  shpNoTables: 'Kifurushi hiki hakina majedwali: uhamishaji uliombwa bila hayo.',
  joinTwo:
    'Majedwali yake yana safu mbili, id na type. Mengine yote yako katika faili za .csv, kwa sababu shapefile hukata maandishi marefu na majina ya safu.',
  joinAll:
    'Majedwali yake yana majibu pia, kadiri shapefile inavyoweza: hukata maandishi marefu na majina ya safu. Faili za .csv zina kila kitu kikamilifu.',
  joinById:
    'Ili kuona majibu ya eneo, unganisha kwa id: id ya umbo ni id katika locations.csv, na spatial_unit_id katika relationships.csv, ambayo party_id yake ni id katika parties.csv.',
  joinQgis:
    'Katika QGIS: fungua .shp na locations.csv, kisha katika sifa za tabaka la shapefile, chini ya Joins, ongeza muunganisho wenye locations kama tabaka na id kama sehemu zote mbili.',
  joinGdal: 'Kwa GDAL:',
  shpFields: 'Majina ya safu',
  shpFieldNames:
    'Majedwali yana kila jibu pia. Jina la safu lina baiti kumi tu zaidi, na kila moja ni herufi, tarakimu au mstari chini: majibu yako chini ya majina haya, na manifest.json ina yaleyale kwa ajili ya programu.',
  shpFieldTypes:
    'Baada ya jina kuna aina yake: C ni maandishi ya baiti kadhaa, N ni namba ya herufi na desimali kadhaa, D ni tarehe, L ni kweli (T) au si kweli (F); kisichojibiwa kiko wazi. Maandishi matupu ni sawa na kutojibu, na nafasi mwishoni mwa maandishi hupotea. Orodha imeandikwa kwa mkato kati ya vipengele vyake, jibu lenye majibu ndani yake kama JSON.',
  shpLeftOut: 'Maeneo yasiyo katika shapefile yoyote',
  shpChanged: 'Yasiyo katika shapefile kama yalivyotolewa',
  shpAllThere: 'Hakuna: kila eneo liko katika shapefile mojawapo.',
  shpNoneOfThese: 'Hakuna kati ya yaliyopo hapa.',
  onlyInCsv: ' (katika locations.csv tu)',
};

export const sw: Language = {
  texts,
  labels: {
    'Identifier of the tenure relationship': 'Kitambulisho cha uhusiano wa umiliki',
    'Identifier of the party that holds the right (the id of one of the parties)':
      'Kitambulisho cha mhusika mwenye haki (id ya mmoja wa wahusika)',
    'Identifier of the spatial unit it is held to (the id of one of the locations)':
      'Kitambulisho cha kipande cha ardhi kinachohusika (id ya mojawapo ya maeneo)',
    'Code of the kind of tenure': 'Msimbo wa aina ya umiliki',
    'Identifier of the party': 'Kitambulisho cha mhusika',
    'Name of the party': 'Jina la mhusika',
    'IN individual, CO corporation, GR group': 'IN mtu binafsi, CO kampuni, GR kikundi',
    'Identifier of the spatial unit': 'Kitambulisho cha kipande cha ardhi',
    'Code of the kind of spatial unit': 'Msimbo wa aina ya kipande cha ardhi',
    'Area in square metres, where the platform knows it': 'Ukubwa kwa mita za mraba, jukwaa likiujua',
    'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded':
      'Jiometri kama EWKT, longitudo na latitudo katika WGS 84 (SRID 4326); tupu pale ambapo hakuna iliyorekodiwa',
  },
  warnings: {
    'shapefile-null-geometry': {
      one: 'Eneo {count} halipo katika shapefile{only}: hakuna jiometri iliyorekodiwa',
      other: 'Maeneo {count} hayapo katika shapefile{only}: hakuna jiometri iliyorekodiwa',
    },
    'shapefile-empty-geometry': {
      one: 'Eneo {count} halipo katika shapefile{only}: jiometri yake ni tupu',
      other: 'Maeneo {count} hayapo katika shapefile{only}: jiometri yake ni tupu',
    },
    'shapefile-geometry-collection': {
      one: 'Eneo {count} halipo katika shapefile{only}: jiometri yake ni mkusanyiko wa aina kadhaa, ambao hakuna shapefile inayoweza kuushika',
      other:
        'Maeneo {count} hayapo katika shapefile{only}: jiometri yake ni mkusanyiko wa aina kadhaa, ambao hakuna shapefile inayoweza kuushika',
    },
    'shapefile-not-finite': {
      one: 'Eneo {count} halipo katika shapefile{only}: kiwianishi kimoja si namba yenye kikomo',
      other: 'Maeneo {count} hayapo katika shapefile{only}: kiwianishi kimoja si namba yenye kikomo',
    },
    'shapefile-too-few-points': {
      one: 'Eneo {count} halipo katika shapefile{only}: mstari una nukta chini ya mbili, au pete ina pembe chini ya tatu',
      other:
        'Maeneo {count} hayapo katika shapefile{only}: mstari una nukta chini ya mbili, au pete ina pembe chini ya tatu',
    },
    'shapefile-text-cut': {
      one: 'Andiko {count} limekatwa katika {file} kufikia baiti 254 ambazo sehemu ya dBase inaweza kushika',
      other: 'Maandiko {count} yamekatwa katika {file} kufikia baiti 254 ambazo sehemu ya dBase inaweza kushika',
    },
    'shapefile-columns-left-out': {
      one: 'Sifa {count} haipo katika {file}, kwa kuwa jedwali kama hilo lina nafasi ya safu 255: {names}',
      other: 'Sifa {count} hazipo katika {file}, kwa kuwa jedwali kama hilo lina nafasi ya safu 255: {names}',
    },
    'shapefile-no-character': {
      one: 'Eneo {count} katika {file} lina � mahali pa kisicho herufi (U+0000, au nusu ya herufi)',
      other: 'Maeneo {count} katika {file} yana � mahali pa kisicho herufi (U+0000, au nusu ya herufi)',
    },
    'shapefile-spaces': {
      one: 'Eneo {count} katika {file} lina andiko bila nafasi za mwisho wake, ambazo hujaza sehemu ya dBase kwa vyovyote',
      other:
        'Maeneo {count} katika {file} yana andiko bila nafasi za mwisho wake, ambazo hujaza sehemu ya dBase kwa vyovyote',
    },
    'geojson-not-finite': {
      one: 'Eneo {count} katika {files} halina jiometri yake: kiwianishi kimoja si namba yenye kikomo, ambayo JSON haiwezi kushika',
      other:
        'Maeneo {count} katika {files} hayana jiometri zake: kiwianishi kimoja si namba yenye kikomo, ambayo JSON haiwezi kushika',
    },
    'geojson-too-few-points': {
      one: 'Eneo {count} katika {files} lina jiometri ambayo GeoJSON hairuhusu: mstari una nukta chini ya mbili, au pete ina pembe chini ya tatu; imeandikwa kama ilivyorekodiwa',
      other:
        'Maeneo {count} katika {files} yana jiometri ambazo GeoJSON hairuhusu: mstari una nukta chini ya mbili, au pete ina pembe chini ya tatu; zimeandikwa kama zilivyorekodiwa',
    },
    'geojson-out-of-range': {
      one: 'Eneo {count} katika {files} liko mahali pasipokuwepo duniani: longitudo inapita digrii 180 au latitudo inapita 90; limeandikwa kama lilivyorekodiwa',
      other:
        'Maeneo {count} katika {files} yako mahali pasipokuwepo duniani: longitudo inapita digrii 180 au latitudo inapita 90; yameandikwa kama yalivyorekodiwa',
    },
    'geojson-antimeridian': {
      one: 'Eneo {count} katika {files} lina mstari wa zaidi ya digrii 180 za longitudo: huenda linapaswa kuvuka antimeridiani, lakini programu nyingi huuchora kuzunguka dunia; limeandikwa kama lilivyorekodiwa',
      other:
        'Maeneo {count} katika {files} yana mistari ya zaidi ya digrii 180 za longitudo: huenda yanapaswa kuvuka antimeridiani, lakini programu nyingi huichora kuzunguka dunia; yameandikwa kama yalivyorekodiwa',
    },
    'csv-not-finite': {
      one: 'Eneo {count} katika locations.csv halina jiometri yake: kiwianishi kimoja si namba yenye kikomo, ambayo GeoJSON haiwezi kushika',
      other:
        'Maeneo {count} katika locations.csv hayana jiometri zake: kiwianishi kimoja si namba yenye kikomo, ambayo GeoJSON haiwezi kushika',
    },
    'csv-no-character': 'Rekodi {count} katika {file} zina � mahali pa nusu ya herufi, ambayo UTF-8 haina nafasi yake',
    'xlsx-text-cut':
      'Rekodi {count} zina maandishi katika kitabu cha kazi yaliyokatwa kufikia herufi 32,767 ambazo seli inaweza kushika; long_texts.csv inayo yote',
    'fgb-empty-geometry': {
      one: 'Eneo {count} lipo katika locations_without_geometry.fgb: jiometri yake ni tupu, ambayo faharasa ya kijiografia haina nafasi yake',
      other:
        'Maeneo {count} yapo katika locations_without_geometry.fgb: jiometri zake ni tupu, ambazo faharasa ya kijiografia haina nafasi zake',
    },
    'fgb-height-added': {
      one: 'Eneo {count} lina urefu 0 katika faili la .fgb ingawa hakuna uliorekodiwa: mengine katika faili yana urefu, na ama yote yana urefu, ama hakuna',
      other:
        'Maeneo {count} yana urefu 0 katika faili la .fgb ingawa hakuna uliorekodiwa: mengine katika faili yana urefu, na ama yote yana urefu, ama hakuna',
    },
    'fgb-empty-member': {
      one: 'Eneo {count} lipo katika geometrycollections.fgb bila sehemu zilizo tupu',
      other: 'Maeneo {count} yapo katika geometrycollections.fgb bila sehemu zilizo tupu',
    },
    'gpkg-not-finite': {
      one: 'Eneo {count} katika GeoPackage halina jiometri yake: kiwianishi kimoja si namba yenye kikomo',
      other: 'Maeneo {count} katika GeoPackage hayana jiometri zake: kiwianishi kimoja si namba yenye kikomo',
    },
    'gpkg-no-character': 'Rekodi {count} katika GeoPackage zina � mahali pa kisicho herufi (U+0000, au nusu ya herufi)',
    'fgb-not-finite': {
      one: 'Eneo {count} katika FlatGeobuf halina jiometri yake: kiwianishi kimoja si namba yenye kikomo',
      other: 'Maeneo {count} katika FlatGeobuf hayana jiometri zake: kiwianishi kimoja si namba yenye kikomo',
    },
    'fgb-no-character': 'Rekodi {count} katika FlatGeobuf zina � mahali pa kisicho herufi (U+0000, au nusu ya herufi)',
    'parquet-not-finite': {
      one: 'Eneo {count} katika Parquet halina jiometri yake: kiwianishi kimoja si namba yenye kikomo',
      other: 'Maeneo {count} katika Parquet hayana jiometri zake: kiwianishi kimoja si namba yenye kikomo',
    },
    'parquet-no-character': 'Rekodi {count} katika Parquet zina � mahali pa kisicho herufi (U+0000, au nusu ya herufi)',
    'resources-archived':
      'Rasilimali {count} hazipo: zimehifadhiwa kwenye kumbukumbu ya jukwaa, na hazikuombwa (includeArchived)',
    'resources-text-cut':
      'Rasilimali {count} katika resources.xlsx zina andiko lililokatwa kufikia herufi 32,767 ambazo seli inaweza kushika; resources_long_texts.csv inalo lote',
    'party-absent': {
      one: 'Uhusiano {count} unataja mhusika asiye miongoni mwa wahusika waliopo hapa',
      other: 'Mahusiano {count} yanataja mhusika asiye miongoni mwa wahusika waliopo hapa',
    },
    'location-absent': {
      one: 'Uhusiano {count} unataja eneo lisilo miongoni mwa maeneo yaliyopo hapa',
      other: 'Mahusiano {count} yanataja eneo lisilo miongoni mwa maeneo yaliyopo hapa',
    },
    'id-repeated':
      'Rekodi {count} zilikuja zaidi ya mara moja kutoka kwenye jukwaa: kila kitambulisho kipo mara moja katika mafaili, kama kilivyokuja kwanza',
    'snapshot-lost':
      'Rekodi zilipaswa kusomwa kama zilivyokuwa kwa wakati mmoja, lakini mwonekano huo wa mradi ulipotea: sehemu {count} kati ya {parts} zilisomwa kama zilivyokuwa baadaye na huenda zisilingane na nyingine; kwa uhakika, omba upakuaji tena',
    'count-changed':
      'Mradi ulibadilika wakati ukisomwa: kuna tofauti ya {count} kati ya kile jukwaa lilichohesabu mwanzoni na kile lilichotoa; maelezo zaidi yako katika manifest.json, kwa Kiingereza',
  },
};
