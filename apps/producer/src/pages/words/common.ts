/** Words of every page: its frame, what it says when something is wrong, and signing in. */
import type { Language } from '@parcelpost/shared/languages.js';

const en = {
  skip: 'Skip to content',
  projects: 'Projects',
  exports: 'Exports',
  project: 'Project',
  noExports: 'You have asked for no export yet.',
  breadcrumb: 'You are here',
  menu: 'Main menu',
  language: 'Language',
  account: 'Account',
  signIn: 'Sign in',
  signOut: 'Sign out',
  footer: 'Exports of land-tenure data',
  apiDocument: 'API document',
  problemTypes: 'Problem types',
  yes: 'Yes',
  lookAgain: 'Look again',
};

export type CommonWords = typeof en;

const es: CommonWords = {
  skip: 'Ir al contenido',
  projects: 'Proyectos',
  exports: 'Exportaciones',
  project: 'Proyecto',
  noExports: 'Todavía no ha pedido ninguna exportación.',
  breadcrumb: 'Está aquí',
  menu: 'Menú principal',
  language: 'Idioma',
  account: 'Cuenta',
  signIn: 'Iniciar sesión',
  signOut: 'Cerrar sesión',
  footer: 'Exportaciones de datos de tenencia de la tierra',
  apiDocument: 'Documento de la API',
  problemTypes: 'Tipos de problemas',
  yes: 'Sí',
  lookAgain: 'Volver a mirar',
};

const fr: CommonWords = {
  skip: 'Aller au contenu',
  projects: 'Projets',
  exports: 'Exports',
  project: 'Projet',
  noExports: 'Vous n’avez encore demandé aucun export.',
  breadcrumb: 'Vous êtes ici',
  menu: 'Menu principal',
  language: 'Langue',
  account: 'Compte',
  signIn: 'Se connecter',
  signOut: 'Se déconnecter',
  footer: 'Exports de données foncières',
  apiDocument: 'Document de l’API',
  problemTypes: 'Types de problèmes',
  yes: 'Oui',
  lookAgain: 'Actualiser',
};

const pt: CommonWords = {
  skip: 'Ir para o conteúdo',
  projects: 'Projetos',
  exports: 'Exportações',
  project: 'Projeto',
  noExports: 'Você ainda não pediu nenhuma exportação.',
  breadcrumb: 'Você está aqui',
  menu: 'Menu principal',
  language: 'Idioma',
  account: 'Conta',
  signIn: 'Entrar',
  signOut: 'Sair',
  footer: 'Exportações de dados de posse da terra',
  apiDocument: 'Documento da API',
  problemTypes: 'Tipos de problemas',
  yes: 'Sim',
  lookAgain: 'Ver de novo',
};

const id: CommonWords = {
  skip: 'Langsung ke isi',
  projects: 'Proyek',
  exports: 'Ekspor',
  project: 'Proyek',
  noExports: 'Anda belum meminta ekspor apa pun.',
  breadcrumb: 'Anda di sini',
  menu: 'Menu utama',
  language: 'Bahasa',
  account: 'Akun',
  signIn: 'Masuk',
  signOut: 'Keluar',
  footer: 'Ekspor data penguasaan tanah',
  apiDocument: 'Dokumen API',
  problemTypes: 'Jenis masalah',
  yes: 'Ya',
  lookAgain: 'Lihat lagi',
};

const sw: CommonWords = {
  skip: 'Nenda kwenye maudhui',
  projects: 'Miradi',
  exports: 'Data zilizotolewa',
  project: 'Mradi',
  noExports: 'Bado hujaomba data yoyote.',
  breadcrumb: 'Uko hapa',
  menu: 'Menyu kuu',
  language: 'Lugha',
  account: 'Akaunti',
  signIn: 'Ingia',
  signOut: 'Toka',
  footer: 'Utoaji wa data za umiliki wa ardhi',
  apiDocument: 'Hati ya API',
  problemTypes: 'Aina za matatizo',
  yes: 'Ndiyo',
  lookAgain: 'Angalia tena',
};

export const COMMON: Readonly<Record<Language, CommonWords>> = { en, es, fr, pt, id, sw };
