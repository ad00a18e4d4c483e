/** The readmes in Spanish. */
import type { Key } from './en.js';
import type { Language, Text } from './speaker.js';

const texts: Record<Key, Text> = {
  title: 'Registros de tenencia de la tierra del proyecto {project} ({organization})',
  source: '{software} los leyó de la plataforma en la que se lleva el proyecto.',
  notWhole:
    'ESTA EXPORTACIÓN NO ESTÁ COMPLETA. Falta: {what}. Más abajo, en «{heading}», se dice qué falta exactamente y por qué.',
  thisExport: 'Esta exportación',
  project: 'Proyecto',
  description: 'Descripción',
  country: 'País',
  organization: 'Organización',
  askedFor: 'Pedido',
  read: 'Leído',
  readAtOnce: 'todo como estaba en un mismo momento',
  readByPage: 'página por página, y no en un mismo momento: lo que se cambió entretanto puede no concordar',
  askedBy: 'Pedido por',
  askedAt: 'Pedido el',
  export: 'Exportación',
  bundle: 'Paquete',

  missing: 'Qué falta',
  missingRange: 'Los registros {first} a {last} de {list}',
  missingOne: 'El registro {first} de {list}',
  missingEmpty: 'La parte {part} de {list}, en la que no se contó ningún registro,',
  missingAre: '{what} faltan: {why}.',
  missingIs: '{what} falta: {why}.',
  missingShare: '{part} de {all}',
  missingEverywhere:
    'Faltan en todos los archivos; lo que hay puede referirse a ellos. Se cuentan en el orden de la plataforma.',
  missingAgain: 'Si se repite pronto la exportación desde su página, solo se lee lo que falta.',

  relationships: 'relaciones',
  parties: 'partes',
  locations: 'ubicaciones',
  resources: 'recursos',
  countRelationships: { one: '{count} relación', many: '{count} de relaciones', other: '{count} relaciones' },
  countParties: { one: '{count} parte', many: '{count} de partes', other: '{count} partes' },
  countLocations: { one: '{count} ubicación', many: '{count} de ubicaciones', other: '{count} ubicaciones' },
  countResources: { one: '{count} recurso', many: '{count} de recursos', other: '{count} recursos' },
  countRecords: { one: '{count} registro', many: '{count} de registros', other: '{count} registros' },
  countBytes: { one: '{count} byte', many: '{count} de bytes', other: '{count} bytes' },

  files: 'Archivos',
  fileReadme: 'este texto',
  fileManifest: 'lo mismo para programas, con una suma SHA-256 de cada archivo',

  howToRead: 'Cómo leerlos',
  csv: 'Los archivos .csv son tablas: UTF-8, celdas separadas por {delimiter}; la primera línea tiene los nombres de las columnas. Una lista se escribe con comas entre sus elementos, una respuesta anidada como JSON, y lo que no se respondió queda vacío.',
  csvLabels:
    'Los archivos .csv son tablas: UTF-8, celdas separadas por {delimiter}; la primera línea tiene los nombres de las columnas y la segunda las preguntas como las hace el formulario. Una lista se escribe con comas entre sus elementos, una respuesta anidada como JSON, y lo que no se respondió queda vacío.',
  commas: 'comas',
  semicolons: 'puntos y comas',
  tabs: 'tabuladores',
  bars: 'barras verticales',
  csvFormulas:
    "Un texto que una hoja de cálculo tomaría por una fórmula (que empieza con = + - @, un tabulador o un fin de línea) lleva delante un apóstrofo ' que no es parte de la respuesta.",
  csvRelationships:
    'relationships.csv dice qué parte tiene qué derecho sobre qué ubicación: party_id es un id de parties.csv, spatial_unit_id es un id de locations.csv.',
  jsonDocuments:
    'locations.geojson es GeoJSON (RFC 7946), {documents} son JSON: cada registro con sus respuestas tal como se dieron, con su propio tipo, en attributes bajo los nombres de las preguntas. Una pregunta que no se hizo a un registro no aparece en él; una que quedó sin responder puede ser null.',
  jsonLines:
    '{files} tienen un registro por línea (JSON delimitado por saltos de línea, sin separadores de registro), para programas que leen registro a registro.',
  jsonIds: 'En {relationships}, party_id es un id de {parties}, spatial_unit_id es un id de {locations}.',
  workbook:
    '{file} es un libro para LibreOffice, Excel y similares, con las hojas {sheets}. En la hoja relationships, party_id es un id de la hoja parties, spatial_unit_id es un id de la hoja locations. Una lista se escribe con comas entre sus elementos, una respuesta anidada como JSON.',
  workbookNumbers:
    'Los números enteros de más de 15 cifras son allí textos, porque una hoja de cálculo perdería las últimas cifras; y ningún texto es una fórmula. Un carácter que un libro no puede contener se escribe con su número, como _x0001_.',
  workbookLong:
    'Un texto de más de {limit} caracteres se corta en su celda, que lo advierte; {file} lo tiene entero, por hoja, id y columna.',
  geoPackage:
    '{file} es un GeoPackage para QGIS, ArcGIS, GDAL y cualquier programa que lea SQLite. Tiene las tablas {tables}. Hay una capa por cada tipo de geometría que tiene el proyecto, con todas las respuestas en columnas de su propio tipo; una columna con respuestas de varios tipos es de texto.',
  geoPackageIds:
    'En la tabla relationships, party_id es el id de una de las partes, spatial_unit_id es el id de una ubicación. Una lista se escribe con comas entre sus elementos, una respuesta anidada como JSON.',
  flatGeobuf:
    '{files} son FlatGeobuf, para QGIS, GDAL y mapas web: un archivo por cada tipo de geometría, cuyo índice permite a un programa leer solo lo que muestra, con todas las respuestas en columnas de su propio tipo. El formato no tiene fechas solas: un programa puede mostrar el primer instante del día.',
  flatGeobufTables: '{files} son tablas sin geometrías.',
  parquet:
    '{files} son Parquet, para DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS y similares, con todas las respuestas en columnas de su propio tipo.',
  geoParquet:
    'locations.parquet es GeoParquet 1.1: la columna geometry tiene las geometrías de todos los tipos (WKB), la columna bbox sus extensiones.',
  resourceFiles:
    '{file} dice qué es cada archivo de recurso y a qué registros pertenece. Los archivos están tal como fueron subidos.',
  geometries: 'Las geometrías están en longitud y latitud, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt dice más sobre los shapefiles y cómo unirlos a las tablas.',
  ewkt: 'La columna geometry.ewkt de locations.csv es EWKT: WKT tras SRID=4326;, como lo acepta PostGIS. GDAL lo toma por un texto si no se le indica otra cosa:',
  wkt: 'La columna geometry.wkt de locations.csv es Well-Known Text. GDAL la encuentra por su nombre:',
  geojsonColumn: 'La columna geometry.geojson de locations.csv es GeoJSON (RFC 7946). GDAL la encuentra por su nombre:',
  noGeometry: 'locations.csv no tiene geometrías: la exportación se pidió sin ellas.',
  columns: 'Columnas',

  warnings: 'Advertencias',
  warningsNone: 'Ninguna: cada registro está en todos los archivos que le corresponden.',
  warningsNoneElse: 'Ninguna, salvo lo que falta.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} y otros)',

  shpTitle: 'Shapefiles de las ubicaciones del proyecto {project} ({organization}) y cómo usarlos',
  whySeveral: 'Por qué hay varios',
  shpWhy:
    'Un shapefile solo puede contener un tipo de geometría, pero las ubicaciones de un proyecto pueden ser puntos, líneas, áreas o grupos de estos. Por eso hay un shapefile por cada tipo de geometría que tiene el proyecto.',
  which: 'Cuáles hay',
  points: 'puntos sueltos',
  linestrings: 'líneas sueltas',
  polygons: 'áreas sueltas, con o sin huecos',
  multipoints: 'grupos de puntos',
  multilinestrings: 'grupos de líneas',
  multipolygons: 'grupos de áreas',
  shpIsThere: '{locations}: {shapes}',
  shpAbsent: '(no hay {family})',
  shpProjectHasNone: 'el proyecto no tiene {shapes}',
  shpHereAreNone: 'lo que hay aquí no tiene {shapes}',
  shpLacking:
    'No están aquí todas las ubicaciones del proyecto: README.txt dice en «{heading}» cuáles no están y por qué.',
  shpParts:
    'Cada .shp necesita a su lado los archivos del mismo nombre: .shx (índice), .dbf (tabla), .prj (sistema de coordenadas: WGS 84, EPSG:4326) y .cpg (codificación del texto: UTF-8). Abra el .shp. Un nombre que termina en _2 es la continuación de un archivo que se llenó.',
  shpHeights:
    'Las alturas se conservan. Donde algunas ubicaciones de un archivo tienen altura y otras no, estas tienen altura 0.',
  howToJoin: 'Cómo unirlos a las tablas',
  shpNoTables: 'Este paquete no tiene tablas: la exportación se pidió sin ellas.',
  joinTwo:
    'Sus tablas tienen dos columnas, id y type. Todo lo demás está en los archivos .csv, porque un shapefile corta los textos largos y los nombres de las columnas.',
  joinAll:
    'Sus tablas tienen también las respuestas, hasta donde puede un shapefile: corta los textos largos y los nombres de las columnas. Los archivos .csv lo tienen todo entero.',
  joinById:
    'Para ver las respuestas de una ubicación, una por id: el id de una forma es el id de locations.csv y el spatial_unit_id de relationships.csv, cuyo party_id es el id de parties.csv.',
  joinQgis:
    'En QGIS: abra el .shp y locations.csv; después, en las propiedades de la capa del shapefile, en Uniones, añada una unión con locations como capa e id como ambos campos.',
  joinGdal: 'Con GDAL:',
  shpFields: 'Nombres de las columnas',
  shpFieldNames:
    'Las tablas tienen también todas las respuestas. El nombre de una columna tiene diez bytes como máximo, y cada uno es una letra, una cifra o un guion bajo: las respuestas están bajo estos nombres, y manifest.json tiene lo mismo para programas.',
  shpFieldTypes:
    'Tras el nombre está el tipo: C es un texto de tantos bytes, N un número de tantos caracteres y decimales, D una fecha, L verdadero (T) o falso (F); lo que no se respondió está en blanco. Un texto vacío es como no responder, y los espacios al final de un texto se pierden. Una lista se escribe con comas entre sus elementos, una respuesta anidada como JSON.',
  shpLeftOut: 'Ubicaciones que no están en ningún shapefile',
  shpChanged: 'Lo que no está en los shapefiles tal como se dio',
  shpAllThere: 'Ninguna: cada ubicación está en uno de los shapefiles.',
  shpNoneOfThese: 'Ninguna de las que están aquí.',
  onlyInCsv: ' (solo en locations.csv)',
};

export const es: Language = {
  texts,
  labels: {
    'Identifier of the tenure relationship': 'Identificador de la relación de tenencia',
    'Identifier of the party that holds the right (the id of one of the parties)':
      'Identificador de la parte que tiene el derecho (el id de una de las partes)',
    'Identifier of the spatial unit it is held to (the id of one of the locations)':
      'Identificador de la unidad espacial a la que se refiere (el id de una de las ubicaciones)',
    'Code of the kind of tenure': 'Código del tipo de tenencia',
    'Identifier of the party': 'Identificador de la parte',
    'Name of the party': 'Nombre de la parte',
    'IN individual, CO corporation, GR group': 'IN persona, CO empresa, GR grupo',
    'Identifier of the spatial unit': 'Identificador de la unidad espacial',
    'Code of the kind of spatial unit': 'Código del tipo de unidad espacial',
    'Area in square metres, where the platform knows it': 'Superficie en metros cuadrados, si la plataforma la conoce',
    'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded':
      'Geometría como EWKT, longitud y latitud en WGS 84 (SRID 4326); vacía si no se registró ninguna',
  },
  warnings: {
    'shapefile-null-geometry': {
      one: '{count} ubicación no está en los shapefiles{only}: no se registró ninguna geometría',
      other: '{count} ubicaciones no están en los shapefiles{only}: no se registró ninguna geometría',
    },
    'shapefile-empty-geometry': {
      one: '{count} ubicación no está en los shapefiles{only}: su geometría está vacía',
      other: '{count} ubicaciones no están en los shapefiles{only}: su geometría está vacía',
    },
    'shapefile-geometry-collection': {
      one: '{count} ubicación no está en los shapefiles{only}: su geometría reúne varios tipos, lo que ningún shapefile puede contener',
      other:
        '{count} ubicaciones no están en los shapefiles{only}: su geometría reúne varios tipos, lo que ningún shapefile puede contener',
    },
    'shapefile-not-finite': {
      one: '{count} ubicación no está en los shapefiles{only}: una coordenada no es un número finito',
      other: '{count} ubicaciones no están en los shapefiles{only}: una coordenada no es un número finito',
    },
    'shapefile-too-few-points': {
      one: '{count} ubicación no está en los shapefiles{only}: una línea tiene menos de dos puntos, o un anillo menos de tres vértices',
      other:
        '{count} ubicaciones no están en los shapefiles{only}: una línea tiene menos de dos puntos, o un anillo menos de tres vértices',
    },
    'shapefile-text-cut': {
      one: '{count} texto cortado en {file} a los 254 bytes que caben en un campo dBase',
      other: '{count} textos cortados en {file} a los 254 bytes que caben en un campo dBase',
    },
    'shapefile-columns-left-out': {
      one: '{count} atributo no está en {file}, pues una tabla así tiene lugar para 255 columnas: {names}',
      other: '{count} atributos no están en {file}, pues una tabla así tiene lugar para 255 columnas: {names}',
    },
    'shapefile-no-character': {
      one: '{count} ubicación tiene en {file} � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
      other: '{count} ubicaciones tienen en {file} � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
    },
    'shapefile-spaces': {
      one: '{count} ubicación tiene en {file} un texto sin los espacios del final, con los que en todo caso se rellena un campo dBase',
      other:
        '{count} ubicaciones tienen en {file} un texto sin los espacios del final, con los que en todo caso se rellena un campo dBase',
    },
    'geojson-not-finite': {
      one: '{count} ubicación está sin su geometría en {files}: una coordenada no es un número finito, lo que JSON no puede contener',
      other:
        '{count} ubicaciones están sin su geometría en {files}: una coordenada no es un número finito, lo que JSON no puede contener',
    },
    'geojson-too-few-points': {
      one: '{count} ubicación tiene en {files} una geometría que GeoJSON no admite: una línea tiene menos de dos puntos, o un anillo menos de tres vértices; está escrita como se registró',
      other:
        '{count} ubicaciones tienen en {files} una geometría que GeoJSON no admite: una línea tiene menos de dos puntos, o un anillo menos de tres vértices; están escritas como se registraron',
    },
    'geojson-out-of-range': {
      one: '{count} ubicación de {files} está donde no hay lugar en la Tierra: una longitud pasa de 180 grados o una latitud de 90; está escrita como se registró',
      other:
        '{count} ubicaciones de {files} están donde no hay lugar en la Tierra: una longitud pasa de 180 grados o una latitud de 90; están escritas como se registraron',
    },
    'geojson-antimeridian': {
      one: '{count} ubicación de {files} tiene una línea de más de 180 grados de longitud: quizá deba cruzar el antimeridiano, pero muchos programas la dibujan alrededor del mundo; está escrita como se registró',
      other:
        '{count} ubicaciones de {files} tienen una línea de más de 180 grados de longitud: quizá deban cruzar el antimeridiano, pero muchos programas las dibujan alrededor del mundo; están escritas como se registraron',
    },
    'csv-not-finite': {
      one: '{count} ubicación está sin su geometría en locations.csv: una coordenada no es un número finito, lo que GeoJSON no puede contener',
      other:
        '{count} ubicaciones están sin su geometría en locations.csv: una coordenada no es un número finito, lo que GeoJSON no puede contener',
    },
    'csv-no-character': {
      one: '{count} registro tiene en {file} � en lugar de medio carácter, para el que UTF-8 no tiene lugar',
      other: '{count} registros tienen en {file} � en lugar de medio carácter, para el que UTF-8 no tiene lugar',
    },
    'xlsx-text-cut': {
      one: '{count} registro tiene en el libro un texto cortado a los 32 767 caracteres que caben en una celda; long_texts.csv lo tiene entero',
      other:
        '{count} registros tienen en el libro un texto cortado a los 32 767 caracteres que caben en una celda; long_texts.csv lo tiene entero',
    },
    'fgb-empty-geometry': {
      one: '{count} ubicación está en locations_without_geometry.fgb: su geometría está vacía, para lo que un índice espacial no tiene lugar',
      other:
        '{count} ubicaciones están en locations_without_geometry.fgb: su geometría está vacía, para lo que un índice espacial no tiene lugar',
    },
    'fgb-height-added': {
      one: '{count} ubicación tiene altura 0 en un archivo .fgb aunque no se registró ninguna: otras del archivo tienen altura, y o la tienen todas o ninguna',
      other:
        '{count} ubicaciones tienen altura 0 en un archivo .fgb aunque no se registró ninguna: otras del archivo tienen altura, y o la tienen todas o ninguna',
    },
    'fgb-empty-member': {
      one: '{count} ubicación está en geometrycollections.fgb sin los miembros que están vacíos',
      other: '{count} ubicaciones están en geometrycollections.fgb sin los miembros que están vacíos',
    },
    'gpkg-not-finite': {
      one: '{count} ubicación está sin su geometría en GeoPackage: una coordenada no es un número finito',
      other: '{count} ubicaciones están sin su geometría en GeoPackage: una coordenada no es un número finito',
    },
    'gpkg-no-character': {
      one: '{count} registro tiene en GeoPackage � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
      other:
        '{count} registros tienen en GeoPackage � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
    },
    'fgb-not-finite': {
      one: '{count} ubicación está sin su geometría en FlatGeobuf: una coordenada no es un número finito',
      other: '{count} ubicaciones están sin su geometría en FlatGeobuf: una coordenada no es un número finito',
    },
    'fgb-no-character': {
      one: '{count} registro tiene en FlatGeobuf � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
      other:
        '{count} registros tienen en FlatGeobuf � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
    },
    'parquet-not-finite': {
      one: '{count} ubicación está sin su geometría en Parquet: una coordenada no es un número finito',
      other: '{count} ubicaciones están sin su geometría en Parquet: una coordenada no es un número finito',
    },
    'parquet-no-character': {
      one: '{count} registro tiene en Parquet � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
      other: '{count} registros tienen en Parquet � en lugar de lo que no es un carácter (U+0000, o la mitad de uno)',
    },
    'resources-archived': {
      one: '{count} recurso no está: está archivado en la plataforma y no se pidió (includeArchived)',
      other: '{count} recursos no están: están archivados en la plataforma y no se pidieron (includeArchived)',
    },
    'resources-text-cut': {
      one: '{count} recurso tiene en resources.xlsx un texto cortado a los 32 767 caracteres que caben en una celda; resources_long_texts.csv lo tiene entero',
      other:
        '{count} recursos tienen en resources.xlsx un texto cortado a los 32 767 caracteres que caben en una celda; resources_long_texts.csv lo tiene entero',
    },
    'party-absent': {
      one: '{count} relación nombra una parte que no está entre las partes de aquí',
      other: '{count} relaciones nombran una parte que no está entre las partes de aquí',
    },
    'location-absent': {
      one: '{count} relación nombra una ubicación que no está entre las ubicaciones de aquí',
      other: '{count} relaciones nombran una ubicación que no está entre las ubicaciones de aquí',
    },
    'id-repeated':
      '{count} registros llegaron más de una vez de la plataforma: cada identificador está en los archivos una vez, como llegó primero',
    'snapshot-lost':
      'Los registros debían leerse tal como estaban en un mismo momento, pero esa vista del proyecto se perdió: {count} de {parts} partes se leyeron como estaban más tarde y pueden no concordar con las demás; para estar seguro, pida la exportación de nuevo',
    'count-changed':
      'El proyecto cambió mientras se leía: entre lo que la plataforma contó al principio y lo que dio hay una diferencia de {count}; los detalles están en manifest.json, en inglés',
  },
};
