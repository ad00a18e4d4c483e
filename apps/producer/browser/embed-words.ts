/** The words of the embedded element. It speaks the languages of the pages, in a browser that may be on any site. */

export interface EmbedWords {
  heading: string;
  what: string;
  types: Record<'shp' | 'xls' | 'res' | 'all', string>;
  mail: string;
  submit: string;
  asking: string;
  recent: string;
  none: string;
  noToken: string;
  away: string;
  states: Record<'waiting' | 'running' | 'completed' | 'partial' | 'failed' | 'cancelled' | 'expired', string>;
  cancelling: string;
  by: string;
  download: string;
  downloading: string;
  cancel: string;
  retry: string;
  retryMissing: string;
  /** Said of a button, to those who do not see beside what it stands. */
  of: string;
  newWindow: string;
}

const en: EmbedWords = {
  heading: 'Export',
  what: 'What do you want?',
  types: { shp: 'Shapefiles and tables', xls: 'Excel workbook', res: 'Attached files', all: 'Everything' },
  mail: 'Mail me when it is done',
  submit: 'Export',
  asking: 'Asking…',
  recent: 'Recent exports',
  none: 'Nobody has exported this project yet.',
  noToken: 'Sign in to export this project.',
  away: 'The export service does not answer. This will be tried again.',
  states: {
    waiting: 'Waiting',
    running: 'Running',
    completed: 'Finished',
    partial: 'Finished, parts missing',
    failed: 'Failed',
    cancelled: 'Cancelled',
    expired: 'Expired',
  },
  cancelling: 'Being cancelled',
  by: '{name}, {time}',
  download: 'Download',
  downloading: 'Downloading…',
  cancel: 'Cancel',
  retry: 'Try again',
  retryMissing: 'Retry only what is missing',
  of: '{deed}: {what}',
  newWindow: 'opens in a new window',
};

const es: EmbedWords = {
  heading: 'Exportar',
  what: '¿Qué desea?',
  types: { shp: 'Shapefiles y tablas', xls: 'Libro de Excel', res: 'Archivos adjuntos', all: 'Todo' },
  mail: 'Avisarme por correo cuando termine',
  submit: 'Exportar',
  asking: 'Solicitando…',
  recent: 'Exportaciones recientes',
  none: 'Nadie ha exportado este proyecto todavía.',
  noToken: 'Inicie sesión para exportar este proyecto.',
  away: 'El servicio de exportación no responde. Se intentará de nuevo.',
  states: {
    waiting: 'En espera',
    running: 'En curso',
    completed: 'Terminada',
    partial: 'Terminada, faltan partes',
    failed: 'Fallida',
    cancelled: 'Cancelada',
    expired: 'Caducada',
  },
  cancelling: 'Cancelándose',
  by: '{name}, {time}',
  download: 'Descargar',
  downloading: 'Descargando…',
  cancel: 'Cancelar',
  retry: 'Intentar de nuevo',
  retryMissing: 'Reintentar solo lo que falta',
  of: '{deed}: {what}',
  newWindow: 'se abre en una ventana nueva',
};

const fr: EmbedWords = {
  heading: 'Exporter',
  what: 'Que voulez-vous ?',
  types: { shp: 'Shapefiles et tableaux', xls: 'Classeur Excel', res: 'Fichiers joints', all: 'Tout' },
  mail: 'M’avertir par courriel à la fin',
  submit: 'Exporter',
  asking: 'Demande en cours…',
  recent: 'Exports récents',
  none: 'Personne n’a encore exporté ce projet.',
  noToken: 'Connectez-vous pour exporter ce projet.',
  away: 'Le service d’export ne répond pas. Un nouvel essai suivra.',
  states: {
    waiting: 'En attente',
    running: 'En cours',
    completed: 'Terminé',
    partial: 'Terminé, des parties manquent',
    failed: 'Échoué',
    cancelled: 'Annulé',
    expired: 'Expiré',
  },
  cancelling: 'Annulation en cours',
  by: '{name}, {time}',
  download: 'Télécharger',
  downloading: 'Téléchargement…',
  cancel: 'Annuler',
  retry: 'Réessayer',
  retryMissing: 'Réessayer seulement ce qui manque',
  of: '{deed} : {what}',
  newWindow: 's’ouvre dans une nouvelle fenêtre',
};

const id: EmbedWords = {
  heading: 'Ekspor',
  what: 'Apa yang Anda inginkan?',
  types: { shp: 'Shapefile dan tabel', xls: 'Buku kerja Excel', res: 'Berkas terlampir', all: 'Semuanya' },
  mail: 'Kirimi saya surel jika selesai',
  submit: 'Ekspor',
  asking: 'Meminta…',
  recent: 'Ekspor terbaru',
  none: 'Belum ada yang mengekspor proyek ini.',
  noToken: 'Masuk untuk mengekspor proyek ini.',
  away: 'Layanan ekspor tidak menjawab. Akan dicoba lagi.',
  states: {
    waiting: 'Menunggu',
    running: 'Berjalan',
    completed: 'Selesai',
    partial: 'Selesai, ada bagian yang kurang',
    failed: 'Gagal',
    cancelled: 'Dibatalkan',
    expired: 'Kedaluwarsa',
  },
  cancelling: 'Sedang dibatalkan',
  by: '{name}, {time}',
  download: 'Unduh',
  downloading: 'Mengunduh…',
  cancel: 'Batalkan',
  retry: 'Coba lagi',
  retryMissing: 'Coba lagi yang kurang saja',
  of: '{deed}: {what}',
  newWindow: 'terbuka di jendela baru',
};

const pt: EmbedWords = {
  heading: 'Exportar',
  what: 'O que deseja?',
  types: { shp: 'Shapefiles e tabelas', xls: 'Pasta de trabalho do Excel', res: 'Arquivos anexos', all: 'Tudo' },
  mail: 'Avisar-me por e-mail quando terminar',
  submit: 'Exportar',
  asking: 'Solicitando…',
  recent: 'Exportações recentes',
  none: 'Ninguém exportou este projeto ainda.',
  noToken: 'Entre para exportar este projeto.',
  away: 'O serviço de exportação não responde. Haverá nova tentativa.',
  states: {
    waiting: 'À espera',
    running: 'Em andamento',
    completed: 'Concluída',
    partial: 'Concluída, faltam partes',
    failed: 'Falhou',
    cancelled: 'Cancelada',
    expired: 'Expirada',
  },
  cancelling: 'A ser cancelada',
  by: '{name}, {time}',
  download: 'Baixar',
  downloading: 'Baixando…',
  cancel: 'Cancelar',
  retry: 'Tentar de novo',
  retryMissing: 'Tentar de novo só o que falta',
  of: '{deed}: {what}',
  newWindow: 'abre em uma nova janela',
};

const sw: EmbedWords = {
  heading: 'Hamisha data',
  what: 'Unataka nini?',
  types: { shp: 'Shapefile na majedwali', xls: 'Kitabu cha Excel', res: 'Faili zilizoambatishwa', all: 'Vyote' },
  mail: 'Nitumie barua pepe ikikamilika',
  submit: 'Hamisha',
  asking: 'Inaomba…',
  recent: 'Uhamishaji wa hivi karibuni',
  none: 'Hakuna aliyehamisha data ya mradi huu bado.',
  noToken: 'Ingia ili kuhamisha data ya mradi huu.',
  away: 'Huduma ya uhamishaji haijibu. Itajaribiwa tena.',
  states: {
    waiting: 'Inasubiri',
    running: 'Inaendelea',
    completed: 'Imekamilika',
    partial: 'Imekamilika, sehemu zinakosekana',
    failed: 'Imeshindwa',
    cancelled: 'Imeghairiwa',
    expired: 'Imeisha muda',
  },
  cancelling: 'Inaghairiwa',
  by: '{name}, {time}',
  download: 'Pakua',
  downloading: 'Inapakua…',
  cancel: 'Ghairi',
  retry: 'Jaribu tena',
  retryMissing: 'Jaribu tena kinachokosekana tu',
  of: '{deed}: {what}',
  newWindow: 'hufunguka katika dirisha jipya',
};

/** Formats by the names that they have in every language. */
const FORMATS: Readonly<Record<string, string>> = {
  csv: 'CSV',
  fgb: 'FlatGeobuf',
  geojson: 'GeoJSON',
  geojsonl: 'GeoJSONL',
  gpkg: 'GeoPackage',
  parquet: 'Parquet',
  shapefiles: 'Shapefile',
  xlsx: 'Excel',
};

/** What an output type or a format is called. */
export function nameOf(what: string, { types }: EmbedWords): string {
  if (Object.hasOwn(types, what)) return types[what as keyof typeof types];
  return what === 'resources' ? types.res : (FORMATS[what] ?? what);
}

const WORDS: Readonly<Record<string, EmbedWords>> = { en, es, fr, id, pt, sw };
const RIGHT_TO_LEFT = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ks', 'ps', 'sd', 'ug', 'ur', 'yi']);

/** How to speak in a language (BCP 47): in English where there are no words for it. */
export function speechOf(tag: string): { words: EmbedWords; language: string; dir: 'ltr' | 'rtl' } {
  const primary = tag.toLowerCase().split('-')[0] ?? '';
  const language = Object.hasOwn(WORDS, primary) ? primary : 'en';
  return { words: WORDS[language] ?? en, language, dir: RIGHT_TO_LEFT.has(language) ? 'rtl' : 'ltr' };
}
