/** Words of every page: its frame, what it says when something is wrong, and signing in. */
import type { Language } from '@parcelpost/shared/languages.js';

const en = {
  skip: 'Skip to content',
  exports: 'Exports',
  breadcrumb: 'You are here',
  menu: 'Main menu',
  language: 'Language',
  account: 'Account',
  signIn: 'Sign in',
  signOut: 'Sign out',
  footer: 'Exports of land-tenure data',
  apiDocument: 'API document',
  problemTypes: 'Problem types',
  cancel: 'Cancel',
  back: 'Back',
  yes: 'Yes',
  no: 'No',
  none: '—',
};

export type CommonWords = typeof en;

const es: CommonWords = {
  skip: 'Ir al contenido',
  exports: 'Exportaciones',
  breadcrumb: 'Está aquí',
  menu: 'Menú principal',
  language: 'Idioma',
  account: 'Cuenta',
  signIn: 'Iniciar sesión',
  signOut: 'Cerrar sesión',
  footer: 'Exportaciones de datos de tenencia de la tierra',
  apiDocument: 'Documento de la API',
  problemTypes: 'Tipos de problemas',
  cancel: 'Cancelar',
  back: 'Volver',
  yes: 'Sí',
  no: 'No',
  none: '—',
};

const fr: CommonWords = {
  skip: 'Aller au contenu',
  exports: 'Exports',
  breadcrumb: 'Vous êtes ici',
  menu: 'Menu principal',
  language: 'Langue',
  account: 'Compte',
  signIn: 'Se connecter',
  signOut: 'Se déconnecter',
  footer: 'Exports de données foncières',
  apiDocument: 'Document de l’API',
  problemTypes: 'Types de problèmes',
  cancel: 'Annuler',
  back: 'Retour',
  yes: 'Oui',
  no: 'Non',
  none: '—',
};

const pt: CommonWords = {
  skip: 'Ir para o conteúdo',
  exports: 'Exportações',
  breadcrumb: 'Você está aqui',
  menu: 'Menu principal',
  language: 'Idioma',
  account: 'Conta',
  signIn: 'Entrar',
  signOut: 'Sair',
  footer: 'Exportações de dados de posse da terra',
  apiDocument: 'Documento da API',
  problemTypes: 'Tipos de problemas',
  cancel: 'Cancelar',
  back: 'Voltar',
  yes: 'Sim',
  no: 'Não',
  none: '—',
};

const id: CommonWords = {
  skip: 'Langsung ke isi',
  exports: 'Ekspor',
  breadcrumb: 'Anda di sini',
  menu: 'Menu utama',
  language: 'Bahasa',
  account: 'Akun',
  signIn: 'Masuk',
  signOut: 'Keluar',
  footer: 'Ekspor data penguasaan tanah',
  apiDocument: 'Dokumen API',
  problemTypes: 'Jenis masalah',
  cancel: 'Batal',
  back: 'Kembali',
  yes: 'Ya',
  no: 'Tidak',
  none: '—',
};

const sw: CommonWords = {
  skip: 'Nenda kwenye maudhui',
  exports: 'Data zilizotolewa',
  breadcrumb: 'Uko hapa',
  menu: 'Menyu kuu',
  language: 'Lugha',
  account: 'Akaunti',
  signIn: 'Ingia',
  signOut: 'Toka',
  footer: 'Utoaji wa data za umiliki wa ardhi',
  apiDocument: 'Hati ya API',
  problemTypes: 'Aina za matatizo',
  cancel: 'Ghairi',
  back: 'Rudi',
  yes: 'Ndiyo',
  no: 'Hapana',
  none: '—',
};

export const COMMON: Readonly<Record<Language, CommonWords>> = { en, es, fr, pt, id, sw };
