/** The readmes in Indonesian. */
import type { Key } from './en.js';
import type { Language, Text } from './speaker.js';

const texts: Record<Key, Text> = {
  title: 'Catatan penguasaan tanah proyek {project} ({organization})',
  source: '{software} membacanya dari platform tempat proyek ini disimpan.',
  notWhole:
    'EKSPOR INI TIDAK LENGKAP. Yang kurang: {what}. Apa saja yang kurang, dan mengapa, dijelaskan di bawah pada "{heading}".',
  thisExport: 'Ekspor ini',
  project: 'Proyek',
  description: 'Keterangan',
  country: 'Negara',
  organization: 'Organisasi',
  askedFor: 'Diminta',
  read: 'Dibaca',
  readAtOnce: 'semuanya seperti keadaannya pada satu saat',
  readByPage: 'halaman demi halaman, bukan pada satu saat: yang diubah sementara itu mungkin tidak saling cocok',
  askedBy: 'Diminta oleh',
  askedAt: 'Diminta pada',
  export: 'Ekspor',
  bundle: 'Paket',

  missing: 'Yang kurang',
  missingRange: 'Catatan {first} sampai {last} dari {list}',
  missingOne: 'Catatan {first} dari {list}',
  missingEmpty: 'Bagian {part} dari {list}, yang tidak terhitung berisi catatan,',
  missingAre: '{what} tidak ada: {why}.',
  missingIs: '{what} tidak ada: {why}.',
  missingShare: '{part} dari {all}',
  missingEverywhere:
    'Catatan itu tidak ada di semua berkas; yang ada mungkin merujuk kepadanya. Dihitung menurut urutan platform.',
  missingAgain: 'Mencoba lagi ekspor ini dari halamannya dalam waktu dekat hanya membaca yang kurang.',

  relationships: 'hubungan',
  parties: 'pihak',
  locations: 'lokasi',
  resources: 'sumber daya',
  countRelationships: { other: '{count} hubungan' },
  countParties: { other: '{count} pihak' },
  countLocations: { other: '{count} lokasi' },
  countResources: { other: '{count} sumber daya' },
  countRecords: { other: '{count} catatan' },
  countBytes: { other: '{count} bita' },

  files: 'Berkas',
  fileReadme: 'teks ini',
  fileManifest: 'hal yang sama untuk program, dengan jumlah pemeriksa SHA-256 setiap berkas',

  howToRead: 'Cara membacanya',
  csv: 'Berkas .csv adalah tabel: UTF-8, sel dipisahkan oleh {delimiter}, baris pertama berisi nama kolom. Daftar ditulis dengan koma di antara isinya, jawaban bersarang sebagai JSON, dan yang tidak dijawab dibiarkan kosong.',
  csvLabels:
    'Berkas .csv adalah tabel: UTF-8, sel dipisahkan oleh {delimiter}, baris pertama berisi nama kolom, baris kedua berisi pertanyaan sebagaimana di formulir. Daftar ditulis dengan koma di antara isinya, jawaban bersarang sebagai JSON, dan yang tidak dijawab dibiarkan kosong.',
  commas: 'koma',
  semicolons: 'titik koma',
  tabs: 'tab',
  bars: 'garis tegak',
  csvFormulas:
    "Teks yang akan dianggap rumus oleh lembar kerja (yang diawali = + - @, tab atau akhir baris) diberi apostrof ' di depannya, yang bukan bagian dari jawaban.",
  csvRelationships:
    'relationships.csv menyatakan pihak mana memegang hak apa atas lokasi mana: party_id adalah id di parties.csv, spatial_unit_id adalah id di locations.csv.',
  jsonDocuments:
    'locations.geojson adalah GeoJSON (RFC 7946), {documents} adalah JSON: setiap catatan dengan jawabannya sebagaimana diberikan, dalam jenisnya sendiri, di attributes menurut nama pertanyaan. Pertanyaan yang tidak diajukan pada suatu catatan tidak ada di situ; yang dibiarkan terbuka dapat bernilai null.',
  jsonLines:
    '{files} berisi satu catatan per baris (JSON yang dipisahkan baris baru, tanpa pemisah catatan), untuk program yang membaca catatan demi catatan.',
  jsonIds: 'Di {relationships}, party_id adalah id di {parties}, spatial_unit_id adalah id di {locations}.',
  workbook:
    '{file} adalah buku kerja untuk LibreOffice, Excel dan sejenisnya, dengan lembar {sheets}. Di lembar relationships, party_id adalah id di lembar parties, spatial_unit_id adalah id di lembar locations. Daftar ditulis dengan koma di antara isinya, jawaban bersarang sebagai JSON.',
  workbookNumbers:
    'Bilangan bulat lebih dari 15 angka di sana berupa teks, karena lembar kerja akan kehilangan angka-angka di belakangnya; dan tidak ada teks yang menjadi rumus. Karakter yang tidak dapat disimpan buku kerja ditulis sebagai nomornya, misalnya _x0001_.',
  workbookLong:
    'Teks lebih dari {limit} karakter dipotong di selnya, yang menyatakannya; {file} memuatnya utuh, menurut lembar, id dan kolom.',
  geoPackage:
    '{file} adalah GeoPackage untuk QGIS, ArcGIS, GDAL dan setiap program yang membaca SQLite. Isinya tabel {tables}. Ada satu lapisan untuk setiap jenis geometri yang dimiliki proyek, dengan semua jawaban sebagai kolom dalam jenisnya sendiri; kolom yang jawabannya beberapa jenis menjadi kolom teks.',
  geoPackageIds:
    'Di tabel relationships, party_id adalah id salah satu pihak, spatial_unit_id adalah id sebuah lokasi. Daftar ditulis dengan koma di antara isinya, jawaban bersarang sebagai JSON.',
  flatGeobuf:
    '{files} adalah FlatGeobuf, untuk QGIS, GDAL dan peta web: satu berkas untuk setiap jenis geometri, yang indeksnya memungkinkan program membaca hanya yang ditampilkannya, dengan semua jawaban sebagai kolom dalam jenisnya sendiri. Format ini tidak memiliki tanggal saja: program mungkin menampilkan saat pertama hari itu.',
  flatGeobufTables: '{files} adalah tabel tanpa geometri.',
  parquet:
    '{files} adalah Parquet, untuk DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS dan sejenisnya, dengan semua jawaban sebagai kolom dalam jenisnya sendiri.',
  geoParquet:
    'locations.parquet adalah GeoParquet 1.1: kolom geometry memuat geometri semua jenis (WKB), kolom bbox batas-batasnya.',
  resourceFiles:
    '{file} menjelaskan apa isi setiap berkas sumber daya dan rekaman mana yang berkaitan dengannya. Berkas-berkas itu sama seperti saat diunggah.',
  geometries: 'Geometri dalam bujur dan lintang, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt menjelaskan lebih jauh tentang shapefile, dan cara menggabungkannya dengan tabel.',
  ewkt: 'Kolom geometry.ewkt di locations.csv adalah EWKT: WKT setelah SRID=4326;, seperti yang diterima PostGIS. GDAL menganggapnya teks kecuali diberi tahu:',
  wkt: 'Kolom geometry.wkt di locations.csv adalah Well-Known Text. GDAL menemukannya dari namanya:',
  geojsonColumn: 'Kolom geometry.geojson di locations.csv adalah GeoJSON (RFC 7946). GDAL menemukannya dari namanya:',
  noGeometry: 'locations.csv tidak memiliki geometri: ekspor ini diminta tanpa geometri.',
  columns: 'Kolom',

  warnings: 'Peringatan',
  warningsNone: 'Tidak ada: setiap catatan ada di semua berkas tempatnya.',
  warningsNoneElse: 'Tidak ada, selain yang kurang.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} dan lainnya)',

  shpTitle: 'Shapefile lokasi proyek {project} ({organization}), dan cara memakainya',
  whySeveral: 'Mengapa ada beberapa',
  shpWhy:
    'Sebuah shapefile hanya dapat memuat satu jenis geometri, padahal lokasi suatu proyek dapat berupa titik, garis, bidang, atau kelompoknya. Karena itu ada satu shapefile untuk setiap jenis geometri yang dimiliki proyek.',
  which: 'Yang ada',
  points: 'titik tunggal',
  linestrings: 'garis tunggal',
  polygons: 'bidang tunggal, dengan atau tanpa lubang',
  multipoints: 'kelompok titik',
  multilinestrings: 'kelompok garis',
  multipolygons: 'kelompok bidang',
  shpIsThere: '{locations}: {shapes}',
  shpAbsent: '(tanpa {family})',
  shpProjectHasNone: 'proyek tidak memiliki {shapes}',
  shpHereAreNone: 'yang ada di sini tidak memiliki {shapes}',
  shpLacking:
    'Tidak semua lokasi proyek ada di sini: README.txt menjelaskan pada "{heading}" mana yang tidak ada, dan mengapa.',
  shpParts:
    'Setiap .shp memerlukan berkas bernama sama di sebelahnya: .shx (indeks), .dbf (tabel), .prj (sistem koordinat: WGS 84, EPSG:4326) dan .cpg (pengodean teks: UTF-8). Bukalah .shp. Nama yang berakhir dengan _2 adalah lanjutan dari berkas yang sudah penuh.',
  shpHeights:
    'Ketinggian dipertahankan. Bila sebagian lokasi dalam suatu berkas memiliki ketinggian dan yang lain tidak, yang tidak itu berketinggian 0.',
  howToJoin: 'Cara menggabungkannya dengan tabel',
  shpNoTables: 'Paket ini tidak memiliki tabel: ekspor ini diminta tanpa tabel.',
  joinTwo:
    'Tabelnya memiliki dua kolom, id dan type. Selebihnya ada di berkas .csv, karena shapefile memotong teks panjang dan nama kolom.',
  joinAll:
    'Tabelnya juga memuat jawaban, sejauh kemampuan shapefile: ia memotong teks panjang dan nama kolom. Berkas .csv memuat semuanya secara utuh.',
  joinById:
    'Untuk melihat jawaban suatu lokasi, gabungkan dengan id: id suatu bentuk adalah id di locations.csv, dan spatial_unit_id di relationships.csv, yang party_id-nya adalah id di parties.csv.',
  joinQgis:
    'Di QGIS: buka .shp dan locations.csv, lalu di properti lapisan shapefile, pada Joins, tambahkan gabungan dengan locations sebagai lapisan dan id sebagai kedua kolomnya.',
  joinGdal: 'Dengan GDAL:',
  shpFields: 'Nama kolom',
  shpFieldNames:
    'Tabelnya juga memuat setiap jawaban. Nama kolom paling banyak sepuluh bita, masing-masing huruf, angka atau garis bawah: jawaban ada di bawah nama-nama ini, dan manifest.json memuat hal yang sama untuk program.',
  shpFieldTypes:
    'Di belakang nama ada jenisnya: C teks sekian bita, N bilangan sekian karakter dan desimal, D tanggal, L benar (T) atau salah (F); yang tidak dijawab kosong. Teks kosong sama dengan tidak dijawab, dan spasi di akhir teks hilang. Daftar ditulis dengan koma di antara isinya, jawaban bersarang sebagai JSON.',
  shpLeftOut: 'Lokasi yang tidak ada di shapefile mana pun',
  shpChanged: 'Yang tidak ada di shapefile sebagaimana diberikan',
  shpAllThere: 'Tidak ada: setiap lokasi ada di salah satu shapefile.',
  shpNoneOfThese: 'Tidak ada dari yang ada di sini.',
  onlyInCsv: ' (hanya di locations.csv)',
};

export const id: Language = {
  texts,
  labels: {
    'Identifier of the tenure relationship': 'Pengenal hubungan penguasaan tanah',
    'Identifier of the party that holds the right (the id of one of the parties)':
      'Pengenal pihak yang memegang hak (id salah satu pihak)',
    'Identifier of the spatial unit it is held to (the id of one of the locations)':
      'Pengenal satuan ruang yang dikuasai (id salah satu lokasi)',
    'Code of the kind of tenure': 'Kode jenis penguasaan',
    'Identifier of the party': 'Pengenal pihak',
    'Name of the party': 'Nama pihak',
    'IN individual, CO corporation, GR group': 'IN perorangan, CO badan usaha, GR kelompok',
    'Identifier of the spatial unit': 'Pengenal satuan ruang',
    'Code of the kind of spatial unit': 'Kode jenis satuan ruang',
    'Area in square metres, where the platform knows it': 'Luas dalam meter persegi, bila diketahui platform',
    'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded':
      'Geometri sebagai EWKT, bujur dan lintang dalam WGS 84 (SRID 4326); kosong bila tidak dicatat',
  },
  warnings: {
    'shapefile-null-geometry': '{count} lokasi tidak ada di shapefile{only}: tidak ada geometri yang dicatat',
    'shapefile-empty-geometry': '{count} lokasi tidak ada di shapefile{only}: geometrinya kosong',
    'shapefile-geometry-collection':
      '{count} lokasi tidak ada di shapefile{only}: geometrinya kumpulan beberapa jenis, yang tidak dapat dimuat shapefile',
    'shapefile-not-finite': '{count} lokasi tidak ada di shapefile{only}: suatu koordinat bukan bilangan terhingga',
    'shapefile-too-few-points':
      '{count} lokasi tidak ada di shapefile{only}: suatu garis kurang dari dua titik, atau suatu cincin kurang dari tiga sudut',
    'shapefile-text-cut': '{count} teks dipotong di {file} menjadi 254 bita yang dapat dimuat kolom dBase',
    'shapefile-columns-left-out':
      '{count} atribut tidak ada di {file}, karena tabel seperti itu hanya memuat 255 kolom: {names}',
    'shapefile-no-character':
      '{count} lokasi di {file} memiliki � sebagai ganti yang bukan karakter (U+0000, atau setengah karakter)',
    'shapefile-spaces': '{count} lokasi di {file} memiliki teks tanpa spasi di akhirnya, yang toh mengisi kolom dBase',
    'geojson-not-finite':
      '{count} lokasi di {files} tanpa geometrinya: suatu koordinat bukan bilangan terhingga, yang tidak dapat dimuat JSON',
    'geojson-too-few-points':
      '{count} lokasi di {files} memiliki geometri yang tidak dibolehkan GeoJSON: suatu garis kurang dari dua titik, atau suatu cincin kurang dari tiga sudut; ditulis sebagaimana dicatat',
    'geojson-out-of-range':
      '{count} lokasi di {files} berada di tempat yang tidak ada di Bumi: bujur melewati 180 derajat atau lintang melewati 90; ditulis sebagaimana dicatat',
    'geojson-antimeridian':
      '{count} lokasi di {files} memiliki garis lebih dari 180 derajat bujur: mungkin dimaksudkan melintasi antimeridian, tetapi banyak program menggambarnya mengelilingi dunia; ditulis sebagaimana dicatat',
    'csv-not-finite':
      '{count} lokasi di locations.csv tanpa geometrinya: suatu koordinat bukan bilangan terhingga, yang tidak dapat dimuat GeoJSON',
    'csv-no-character':
      '{count} catatan di {file} memiliki � sebagai ganti setengah karakter, yang tidak punya tempat di UTF-8',
    'xlsx-text-cut':
      '{count} catatan memiliki teks di buku kerja yang dipotong menjadi 32.767 karakter yang dapat dimuat sel; long_texts.csv memuatnya utuh',
    'fgb-empty-geometry':
      '{count} lokasi ada di locations_without_geometry.fgb: geometrinya kosong, yang tidak punya tempat di indeks spasial',
    'fgb-height-added':
      '{count} lokasi memiliki ketinggian 0 di berkas .fgb meskipun tidak ada yang dicatat: yang lain di berkas itu memiliki ketinggian, dan semua memilikinya atau tidak satu pun',
    'fgb-empty-member': '{count} lokasi ada di geometrycollections.fgb tanpa anggota yang kosong',
    'gpkg-not-finite': '{count} lokasi di GeoPackage tanpa geometrinya: suatu koordinat bukan bilangan terhingga',
    'gpkg-no-character':
      '{count} catatan di GeoPackage memiliki � sebagai ganti yang bukan karakter (U+0000, atau setengah karakter)',
    'fgb-not-finite': '{count} lokasi di FlatGeobuf tanpa geometrinya: suatu koordinat bukan bilangan terhingga',
    'fgb-no-character':
      '{count} catatan di FlatGeobuf memiliki � sebagai ganti yang bukan karakter (U+0000, atau setengah karakter)',
    'parquet-not-finite': '{count} lokasi di Parquet tanpa geometrinya: suatu koordinat bukan bilangan terhingga',
    'parquet-no-character':
      '{count} catatan di Parquet memiliki � sebagai ganti yang bukan karakter (U+0000, atau setengah karakter)',
    'resources-archived':
      '{count} sumber daya tidak disertakan: diarsipkan di platform, dan tidak diminta (includeArchived)',
    'resources-text-cut':
      '{count} sumber daya di resources.xlsx memiliki teks yang dipotong menjadi 32.767 karakter yang dapat dimuat sel; resources_long_texts.csv memuatnya utuh',
    'party-absent': '{count} hubungan menyebut pihak yang tidak ada di antara pihak di sini',
    'location-absent': '{count} hubungan menyebut lokasi yang tidak ada di antara lokasi di sini',
    'id-repeated':
      '{count} rekaman datang lebih dari sekali dari platform: setiap pengenal ada satu kali di dalam berkas, seperti yang pertama datang',
    'snapshot-lost':
      'Rekaman seharusnya dibaca seperti keadaannya pada satu saat, tetapi tampilan proyek itu hilang: {count} dari {parts} bagian dibaca seperti keadaannya kemudian dan mungkin tidak cocok dengan yang lain; agar pasti, mintalah ekspor lagi',
    'count-changed':
      'Proyek berubah selagi dibaca: ada selisih {count} antara yang dihitung platform pada awalnya dan yang diberikannya; rinciannya ada di manifest.json, dalam bahasa Inggris',
  },
};
