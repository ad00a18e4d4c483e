/** The readmes in Portuguese. */
import type { Key } from './en.js';
import type { Language, Text } from './speaker.js';

const texts: Record<Key, Text> = {
  title: 'Registros de posse da terra do projeto {project} ({organization})',
  source: '{software} leu-os na plataforma em que o projeto é mantido.',
  notWhole:
    'ESTA EXPORTAÇÃO NÃO ESTÁ COMPLETA. Falta: {what}. Mais abaixo, em “{heading}”, diz-se exatamente o que falta e por quê.',
  thisExport: 'Esta exportação',
  project: 'Projeto',
  description: 'Descrição',
  country: 'País',
  organization: 'Organização',
  askedFor: 'Pedido',
  read: 'Lido',
  readAtOnce: 'tudo como estava num mesmo momento',
  readByPage: 'página por página, e não num mesmo momento: o que foi alterado entretanto pode não concordar',
  askedBy: 'Pedido por',
  askedAt: 'Pedido em',
  export: 'Exportação',
  bundle: 'Pacote',

  missing: 'O que falta',
  missingRange: 'Os registros {first} a {last} de {list}',
  missingOne: 'O registro {first} de {list}',
  missingEmpty: 'A parte {part} de {list}, em que nenhum registro foi contado,',
  missingAre: '{what} faltam: {why}.',
  missingIs: '{what} falta: {why}.',
  missingShare: '{part} de {all}',
  missingEverywhere:
    'Faltam em todos os arquivos; o que existe pode referir-se a eles. Contados na ordem da plataforma.',
  missingAgain: 'Repetir em breve a exportação na sua página lê apenas o que falta.',

  relationships: 'relações',
  parties: 'partes',
  locations: 'locais',
  resources: 'recursos',
  countRelationships: { one: '{count} relação', many: '{count} de relações', other: '{count} relações' },
  countParties: { one: '{count} parte', many: '{count} de partes', other: '{count} partes' },
  countLocations: { one: '{count} local', many: '{count} de locais', other: '{count} locais' },
  countResources: { one: '{count} recurso', many: '{count} de recursos', other: '{count} recursos' },
  countRecords: { one: '{count} registro', many: '{count} de registros', other: '{count} registros' },
  countBytes: { one: '{count} byte', many: '{count} de bytes', other: '{count} bytes' },

  files: 'Arquivos',
  fileReadme: 'este texto',
  fileManifest: 'o mesmo para programas, com uma soma SHA-256 de cada arquivo',

  howToRead: 'Como lê-los',
  csv: 'Os arquivos .csv são tabelas: UTF-8, células separadas por {delimiter}; a primeira linha tem os nomes das colunas. Uma lista é escrita com vírgulas entre os seus itens, uma resposta aninhada como JSON, e o que não foi respondido fica vazio.',
  csvLabels:
    'Os arquivos .csv são tabelas: UTF-8, células separadas por {delimiter}; a primeira linha tem os nomes das colunas e a segunda as perguntas como o formulário as faz. Uma lista é escrita com vírgulas entre os seus itens, uma resposta aninhada como JSON, e o que não foi respondido fica vazio.',
  commas: 'vírgulas',
  semicolons: 'pontos e vírgulas',
  tabs: 'tabulações',
  bars: 'barras verticais',
  csvFormulas:
    "Um texto que uma planilha tomaria por uma fórmula (que começa com = + - @, uma tabulação ou um fim de linha) tem antes dele um apóstrofo ' que não faz parte da resposta.",
  csvRelationships:
    'relationships.csv diz que parte tem que direito sobre que local: party_id é um id de parties.csv, spatial_unit_id é um id de locations.csv.',
  jsonDocuments:
    'locations.geojson é GeoJSON (RFC 7946), {documents} são JSON: cada registro com as suas respostas como foram dadas, no seu próprio tipo, em attributes pelos nomes das perguntas. Uma pergunta que não foi feita a um registro não aparece nele; uma que ficou em aberto pode ser null.',
  jsonLines:
    '{files} têm um registro por linha (JSON delimitado por quebras de linha, sem separadores de registros), para programas que leem registro a registro.',
  jsonIds: 'Em {relationships}, party_id é um id de {parties}, spatial_unit_id é um id de {locations}.',
  workbook:
    '{file} é uma pasta de trabalho para LibreOffice, Excel e semelhantes, com as planilhas {sheets}. Na planilha relationships, party_id é um id da planilha parties, spatial_unit_id é um id da planilha locations. Uma lista é escrita com vírgulas entre os seus itens, uma resposta aninhada como JSON.',
  workbookNumbers:
    'Os números inteiros de mais de 15 algarismos são ali textos, porque uma planilha perderia os últimos algarismos; e nenhum texto é uma fórmula. Um caractere que uma pasta de trabalho não pode conter é escrito pelo seu número, como _x0001_.',
  workbookLong:
    'Um texto de mais de {limit} caracteres é cortado na sua célula, que o diz; {file} tem-no inteiro, por planilha, id e coluna.',
  geoPackage:
    '{file} é um GeoPackage para QGIS, ArcGIS, GDAL e qualquer programa que leia SQLite. Tem as tabelas {tables}. Há uma camada para cada tipo de geometria que o projeto tem, com todas as respostas em colunas do seu próprio tipo; uma coluna com respostas de vários tipos é de texto.',
  geoPackageIds:
    'Na tabela relationships, party_id é o id de uma das partes, spatial_unit_id é o id de um local. Uma lista é escrita com vírgulas entre os seus itens, uma resposta aninhada como JSON.',
  flatGeobuf:
    '{files} são FlatGeobuf, para QGIS, GDAL e mapas na web: um arquivo para cada tipo de geometria, cujo índice permite a um programa ler só o que mostra, com todas as respostas em colunas do seu próprio tipo. O formato não tem datas sozinhas: um programa pode mostrar o primeiro instante do dia.',
  flatGeobufTables: '{files} são tabelas sem geometrias.',
  parquet:
    '{files} são Parquet, para DuckDB, Python (pandas, GeoPandas), R (arrow), QGIS e semelhantes, com todas as respostas em colunas do seu próprio tipo.',
  geoParquet:
    'locations.parquet é GeoParquet 1.1: a coluna geometry tem as geometrias de todos os tipos (WKB), a coluna bbox as suas extensões.',
  resourceFiles:
    '{file} diz o que é cada arquivo de recurso e a quais registros ele pertence. Os arquivos estão como foram enviados.',
  geometries: 'As geometrias estão em longitude e latitude, WGS 84 (EPSG:4326).',
  seeShapefiles: 'shp_readme.txt diz mais sobre os shapefiles e como juntá-los às tabelas.',
  ewkt: 'A coluna geometry.ewkt de locations.csv é EWKT: WKT depois de SRID=4326;, como o PostGIS o aceita. O GDAL toma-o por um texto, a não ser que se lhe diga:',
  wkt: 'A coluna geometry.wkt de locations.csv é Well-Known Text. O GDAL encontra-a pelo nome:',
  geojsonColumn: 'A coluna geometry.geojson de locations.csv é GeoJSON (RFC 7946). O GDAL encontra-a pelo nome:',
  noGeometry: 'locations.csv não tem geometrias: a exportação foi pedida sem elas.',
  columns: 'Colunas',

  warnings: 'Avisos',
  warningsNone: 'Nenhum: cada registro está em todos os arquivos a que pertence.',
  warningsNoneElse: 'Nenhum, além do que falta.',
  sample: '(id {ids})',
  sampleOfMore: '(id {ids} e outros)',

  shpTitle: 'Shapefiles dos locais do projeto {project} ({organization}) e como usá-los',
  whySeveral: 'Por que há vários',
  shpWhy:
    'Um shapefile só pode conter um tipo de geometria, mas os locais de um projeto podem ser pontos, linhas, áreas ou grupos destes. Por isso há um shapefile para cada tipo de geometria que o projeto tem.',
  which: 'Quais existem',
  points: 'pontos isolados',
  linestrings: 'linhas isoladas',
  polygons: 'áreas isoladas, com ou sem buracos',
  multipoints: 'grupos de pontos',
  multilinestrings: 'grupos de linhas',
  multipolygons: 'grupos de áreas',
  shpIsThere: '{locations}: {shapes}',
  shpAbsent: '(sem {family})',
  shpProjectHasNone: 'o projeto não tem {shapes}',
  shpHereAreNone: 'o que está aqui não tem {shapes}',
  shpLacking: 'Nem todos os locais do projeto estão aqui: README.txt diz em “{heading}” quais não estão e por quê.',
  shpParts:
    'Cada .shp precisa, ao seu lado, dos arquivos do mesmo nome: .shx (índice), .dbf (tabela), .prj (sistema de coordenadas: WGS 84, EPSG:4326) e .cpg (codificação do texto: UTF-8). Abra o .shp. Um nome que termina em _2 é a continuação de um arquivo que ficou cheio.',
  shpHeights: 'As alturas são mantidas. Onde alguns locais de um arquivo têm altura e outros não, estes têm altura 0.',
  howToJoin: 'Como juntá-los às tabelas',
  shpNoTables: 'Este pacote não tem tabelas: a exportação foi pedida sem elas.',
  joinTwo:
    'As suas tabelas têm duas colunas, id e type. Tudo o mais está nos arquivos .csv, porque um shapefile corta os textos longos e os nomes das colunas.',
  joinAll:
    'As suas tabelas têm também as respostas, até onde um shapefile pode: corta os textos longos e os nomes das colunas. Os arquivos .csv têm tudo inteiro.',
  joinById:
    'Para ver as respostas de um local, junte por id: o id de uma forma é o id em locations.csv e o spatial_unit_id em relationships.csv, cujo party_id é o id em parties.csv.',
  joinQgis:
    'No QGIS: abra o .shp e locations.csv; depois, nas propriedades da camada do shapefile, em Uniões, acrescente uma união com locations como camada e id como ambos os campos.',
  joinGdal: 'Com GDAL:',
  shpFields: 'Nomes das colunas',
  shpFieldNames:
    'As tabelas têm também todas as respostas. O nome de uma coluna tem no máximo dez bytes, e cada um é uma letra, um algarismo ou um sublinhado: as respostas estão sob estes nomes, e manifest.json tem o mesmo para programas.',
  shpFieldTypes:
    'Depois do nome está o tipo: C é um texto de tantos bytes, N um número de tantos caracteres e casas decimais, D uma data, L verdadeiro (T) ou falso (F); o que não foi respondido está em branco. Um texto vazio é como não responder, e os espaços no fim de um texto perdem-se. Uma lista é escrita com vírgulas entre os seus itens, uma resposta aninhada como JSON.',
  shpLeftOut: 'Locais que não estão em nenhum shapefile',
  shpChanged: 'O que não está nos shapefiles como foi dado',
  shpAllThere: 'Nenhum: cada local está num dos shapefiles.',
  shpNoneOfThese: 'Nenhum dos que estão aqui.',
  onlyInCsv: ' (só em locations.csv)',
};

export const pt: Language = {
  texts,
  labels: {
    'Identifier of the tenure relationship': 'Identificador da relação de posse',
    'Identifier of the party that holds the right (the id of one of the parties)':
      'Identificador da parte que tem o direito (o id de uma das partes)',
    'Identifier of the spatial unit it is held to (the id of one of the locations)':
      'Identificador da unidade espacial a que se refere (o id de um dos locais)',
    'Code of the kind of tenure': 'Código do tipo de posse',
    'Identifier of the party': 'Identificador da parte',
    'Name of the party': 'Nome da parte',
    'IN individual, CO corporation, GR group': 'IN pessoa, CO empresa, GR grupo',
    'Identifier of the spatial unit': 'Identificador da unidade espacial',
    'Code of the kind of spatial unit': 'Código do tipo de unidade espacial',
    'Area in square metres, where the platform knows it': 'Área em metros quadrados, se a plataforma a conhece',
    'Geometry as EWKT, longitude and latitude in WGS 84 (SRID 4326); empty where none was recorded':
      'Geometria como EWKT, longitude e latitude em WGS 84 (SRID 4326); vazia se nenhuma foi registrada',
  },
  warnings: {
    'shapefile-null-geometry': {
      one: '{count} local não está nos shapefiles{only}: nenhuma geometria foi registrada',
      other: '{count} locais não estão nos shapefiles{only}: nenhuma geometria foi registrada',
    },
    'shapefile-empty-geometry': {
      one: '{count} local não está nos shapefiles{only}: a sua geometria está vazia',
      other: '{count} locais não estão nos shapefiles{only}: a sua geometria está vazia',
    },
    'shapefile-geometry-collection': {
      one: '{count} local não está nos shapefiles{only}: a sua geometria reúne vários tipos, o que nenhum shapefile pode conter',
      other:
        '{count} locais não estão nos shapefiles{only}: a sua geometria reúne vários tipos, o que nenhum shapefile pode conter',
    },
    'shapefile-not-finite': {
      one: '{count} local não está nos shapefiles{only}: uma coordenada não é um número finito',
      other: '{count} locais não estão nos shapefiles{only}: uma coordenada não é um número finito',
    },
    'shapefile-too-few-points': {
      one: '{count} local não está nos shapefiles{only}: uma linha tem menos de dois pontos, ou um anel menos de três vértices',
      other:
        '{count} locais não estão nos shapefiles{only}: uma linha tem menos de dois pontos, ou um anel menos de três vértices',
    },
    'shapefile-text-cut': {
      one: '{count} texto cortado em {file} nos 254 bytes que cabem num campo dBase',
      other: '{count} textos cortados em {file} nos 254 bytes que cabem num campo dBase',
    },
    'shapefile-columns-left-out': {
      one: '{count} atributo não está em {file}, pois uma tabela dessas tem lugar para 255 colunas: {names}',
      other: '{count} atributos não estão em {file}, pois uma tabela dessas tem lugar para 255 colunas: {names}',
    },
    'shapefile-no-character': {
      one: '{count} local tem em {file} � no lugar do que não é um caractere (U+0000, ou metade de um)',
      other: '{count} locais têm em {file} � no lugar do que não é um caractere (U+0000, ou metade de um)',
    },
    'shapefile-spaces': {
      one: '{count} local tem em {file} um texto sem os espaços do fim, com os quais um campo dBase é preenchido de qualquer modo',
      other:
        '{count} locais têm em {file} um texto sem os espaços do fim, com os quais um campo dBase é preenchido de qualquer modo',
    },
    'geojson-not-finite': {
      one: '{count} local está sem a sua geometria em {files}: uma coordenada não é um número finito, o que JSON não pode conter',
      other:
        '{count} locais estão sem a sua geometria em {files}: uma coordenada não é um número finito, o que JSON não pode conter',
    },
    'geojson-too-few-points': {
      one: '{count} local tem em {files} uma geometria que GeoJSON não admite: uma linha tem menos de dois pontos, ou um anel menos de três vértices; está escrita como foi registrada',
      other:
        '{count} locais têm em {files} uma geometria que GeoJSON não admite: uma linha tem menos de dois pontos, ou um anel menos de três vértices; estão escritas como foram registradas',
    },
    'geojson-out-of-range': {
      one: '{count} local de {files} está onde não há lugar na Terra: uma longitude passa de 180 graus ou uma latitude de 90; está escrito como foi registrado',
      other:
        '{count} locais de {files} estão onde não há lugar na Terra: uma longitude passa de 180 graus ou uma latitude de 90; estão escritos como foram registrados',
    },
    'geojson-antimeridian': {
      one: '{count} local de {files} tem uma linha de mais de 180 graus de longitude: talvez deva cruzar o antimeridiano, mas muitos programas a desenham à volta do mundo; está escrita como foi registrada',
      other:
        '{count} locais de {files} têm uma linha de mais de 180 graus de longitude: talvez devam cruzar o antimeridiano, mas muitos programas as desenham à volta do mundo; estão escritas como foram registradas',
    },
    'csv-not-finite': {
      one: '{count} local está sem a sua geometria em locations.csv: uma coordenada não é um número finito, o que GeoJSON não pode conter',
      other:
        '{count} locais estão sem a sua geometria em locations.csv: uma coordenada não é um número finito, o que GeoJSON não pode conter',
    },
    'csv-no-character': {
      one: '{count} registro tem em {file} � no lugar de meio caractere, para o qual UTF-8 não tem lugar',
      other: '{count} registros têm em {file} � no lugar de meio caractere, para o qual UTF-8 não tem lugar',
    },
    'xlsx-text-cut': {
      one: '{count} registro tem na pasta de trabalho um texto cortado nos 32 767 caracteres que cabem numa célula; long_texts.csv tem-no inteiro',
      other:
        '{count} registros têm na pasta de trabalho um texto cortado nos 32 767 caracteres que cabem numa célula; long_texts.csv tem-no inteiro',
    },
    'fgb-empty-geometry': {
      one: '{count} local está em locations_without_geometry.fgb: a sua geometria está vazia, para o que um índice espacial não tem lugar',
      other:
        '{count} locais estão em locations_without_geometry.fgb: a sua geometria está vazia, para o que um índice espacial não tem lugar',
    },
    'fgb-height-added': {
      one: '{count} local tem altura 0 num arquivo .fgb embora nenhuma tenha sido registrada: outros do arquivo têm altura, e ou todos a têm, ou nenhum',
      other:
        '{count} locais têm altura 0 num arquivo .fgb embora nenhuma tenha sido registrada: outros do arquivo têm altura, e ou todos a têm, ou nenhum',
    },
    'fgb-empty-member': {
      one: '{count} local está em geometrycollections.fgb sem os membros que estão vazios',
      other: '{count} locais estão em geometrycollections.fgb sem os membros que estão vazios',
    },
    'gpkg-not-finite': {
      one: '{count} local está sem a sua geometria em GeoPackage: uma coordenada não é um número finito',
      other: '{count} locais estão sem a sua geometria em GeoPackage: uma coordenada não é um número finito',
    },
    'gpkg-no-character': {
      one: '{count} registro tem em GeoPackage � no lugar do que não é um caractere (U+0000, ou metade de um)',
      other: '{count} registros têm em GeoPackage � no lugar do que não é um caractere (U+0000, ou metade de um)',
    },
    'fgb-not-finite': {
      one: '{count} local está sem a sua geometria em FlatGeobuf: uma coordenada não é um número finito',
      other: '{count} locais estão sem a sua geometria em FlatGeobuf: uma coordenada não é um número finito',
    },
    'fgb-no-character': {
      one: '{count} registro tem em FlatGeobuf � no lugar do que não é um caractere (U+0000, ou metade de um)',
      other: '{count} registros têm em FlatGeobuf � no lugar do que não é um caractere (U+0000, ou metade de um)',
    },
    'parquet-not-finite': {
      one: '{count} local está sem a sua geometria em Parquet: uma coordenada não é um número finito',
      other: '{count} locais estão sem a sua geometria em Parquet: uma coordenada não é um número finito',
    },
    'parquet-no-character': {
      one: '{count} registro tem em Parquet � no lugar do que não é um caractere (U+0000, ou metade de um)',
      other: '{count} registros têm em Parquet � no lugar do que não é um caractere (U+0000, ou metade de um)',
    },
    'resources-archived': {
      one: '{count} recurso não está: está arquivado na plataforma e não foi pedido (includeArchived)',
      other: '{count} recursos não estão: estão arquivados na plataforma e não foram pedidos (includeArchived)',
    },
    'resources-text-cut': {
      one: '{count} recurso tem em resources.xlsx um texto cortado nos 32 767 caracteres que cabem numa célula; resources_long_texts.csv tem-no inteiro',
      other:
        '{count} recursos têm em resources.xlsx um texto cortado nos 32 767 caracteres que cabem numa célula; resources_long_texts.csv tem-no inteiro',
    },
    'party-absent': {
      one: '{count} relação nomeia uma parte que não está entre as partes daqui',
      other: '{count} relações nomeiam uma parte que não está entre as partes daqui',
    },
    'location-absent': {
      one: '{count} relação nomeia um local que não está entre os locais daqui',
      other: '{count} relações nomeiam um local que não está entre os locais daqui',
    },
    'id-repeated':
      '{count} registros vieram mais de uma vez da plataforma: cada identificador está nos arquivos uma vez, como veio primeiro',
    'snapshot-lost':
      'Os registros deviam ser lidos como estavam num mesmo momento, mas essa vista do projeto se perdeu: {count} de {parts} partes foram lidas como estavam mais tarde e podem não concordar com as outras; para ter certeza, peça a exportação de novo',
    'count-changed':
      'O projeto mudou enquanto era lido: entre o que a plataforma contou no início e o que deu há uma diferença de {count}; os pormenores estão em manifest.json, em inglês',
  },
};
