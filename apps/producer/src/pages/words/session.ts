/** Words of signing in and out. */
import type { Language } from '@parcelpost/shared/languages.js';

const en = {
  title: 'Sign in',
  intro: 'Sign in to see the exports of your projects.',
  ended: 'Your session is over. Sign in again to go on.',
  withProvider: 'Sign in with {name}',
  asSample: 'As a sample user',
  sampleHint: 'This is a demonstration: pick who you want to be.',
  withToken: 'With a token',
  token: 'Token',
  tokenHint: 'A token for this service, from whoever looks after it.',
  wrongToken: 'That did not sign you in. Check the token: it may be incomplete, or have expired.',
  wrongUser: 'There is no such sample user here.',
  away: '{name} cannot be reached at the moment. Try again in a few minutes.',
  refused:
    '{name} did not sign you in. Try once more; if it happens again, ask whoever looks after your account there.',
  lost: 'This way of signing in was begun too long ago, or in another browser. Begin once more.',
  unknown: 'You are known to {name}, but not here. Ask whoever looks after this service to add you.',
  'no-email':
    '{name} did not tell a verified email address of yours, which is needed here. Verify it there, and sign in again.',
  'email-taken':
    'Somebody here has your email address already. Ask whoever looks after this service to link your account.',
  signedOut: 'You are signed out',
  signedOutBody: 'Your session here is over.',
  signOutThere: 'Sign out of {name} too',
  signOutThereHint: 'You may still be signed in there, so that one click signs you in here again.',
  again: 'Sign in again',
};

export type SessionWords = typeof en;

const es: SessionWords = {
  title: 'Iniciar sesión',
  intro: 'Inicie sesión para ver las exportaciones de sus proyectos.',
  ended: 'Su sesión ha terminado. Vuelva a iniciar sesión para continuar.',
  withProvider: 'Iniciar sesión con {name}',
  asSample: 'Como usuario de ejemplo',
  sampleHint: 'Esto es una demostración: elija quién quiere ser.',
  withToken: 'Con un token',
  token: 'Token',
  tokenHint: 'Un token para este servicio, de quien lo administra.',
  wrongToken: 'No se ha podido iniciar la sesión. Revise el token: puede estar incompleto o haber caducado.',
  wrongUser: 'Aquí no existe ese usuario de ejemplo.',
  away: 'No se puede contactar con {name} en este momento. Inténtelo de nuevo dentro de unos minutos.',
  refused:
    '{name} no inició su sesión. Inténtelo otra vez; si vuelve a ocurrir, consulte a quien administra su cuenta allí.',
  lost: 'Este inicio de sesión se empezó hace demasiado tiempo o en otro navegador. Empiece de nuevo.',
  unknown: '{name} le conoce, pero aquí no hay un usuario suyo. Pida a quien administra este servicio que le añada.',
  'no-email':
    '{name} no indicó una dirección de correo suya verificada, que aquí es necesaria. Verifíquela allí y vuelva a iniciar sesión.',
  'email-taken':
    'Alguien aquí ya tiene su dirección de correo. Pida a quien administra este servicio que vincule su cuenta.',
  signedOut: 'Ha cerrado la sesión',
  signedOutBody: 'Su sesión aquí ha terminado.',
  signOutThere: 'Cerrar también la sesión de {name}',
  signOutThereHint: 'Es posible que allí su sesión siga abierta, y un clic bastaría para volver a entrar aquí.',
  again: 'Volver a iniciar sesión',
};

const fr: SessionWords = {
  title: 'Se connecter',
  intro: 'Connectez-vous pour voir les exports de vos projets.',
  ended: 'Votre session est terminée. Reconnectez-vous pour continuer.',
  withProvider: 'Se connecter avec {name}',
  asSample: 'En tant qu’utilisateur d’exemple',
  sampleHint: 'Ceci est une démonstration : choisissez qui vous voulez être.',
  withToken: 'Avec un jeton',
  token: 'Jeton',
  tokenHint: 'Un jeton pour ce service, fourni par la personne qui l’administre.',
  wrongToken: 'La connexion a échoué. Vérifiez le jeton : il est peut-être incomplet ou expiré.',
  wrongUser: 'Il n’y a pas ici d’utilisateur d’exemple de ce nom.',
  away: '{name} est injoignable pour le moment. Réessayez dans quelques minutes.',
  refused:
    '{name} ne vous a pas connecté. Réessayez ; si cela se reproduit, adressez-vous à la personne qui y gère votre compte.',
  lost: 'Cette connexion a été commencée il y a trop longtemps, ou dans un autre navigateur. Recommencez.',
  unknown:
    '{name} vous connaît, mais vous n’avez pas de compte ici. Demandez à la personne qui administre ce service de vous ajouter.',
  'no-email':
    '{name} n’a pas indiqué d’adresse e-mail vérifiée, qui est nécessaire ici. Vérifiez-la là-bas et reconnectez-vous.',
  'email-taken':
    'Quelqu’un ici a déjà votre adresse e-mail. Demandez à la personne qui administre ce service de relier votre compte.',
  signedOut: 'Vous êtes déconnecté',
  signedOutBody: 'Votre session ici est terminée.',
  signOutThere: 'Se déconnecter aussi de {name}',
  signOutThereHint: 'Vous y êtes peut-être encore connecté ; un clic suffirait pour revenir ici.',
  again: 'Se reconnecter',
};

const pt: SessionWords = {
  title: 'Entrar',
  intro: 'Entre para ver as exportações dos seus projetos.',
  ended: 'A sua sessão terminou. Entre de novo para continuar.',
  withProvider: 'Entrar com {name}',
  asSample: 'Como usuário de exemplo',
  sampleHint: 'Isto é uma demonstração: escolha quem você quer ser.',
  withToken: 'Com um token',
  token: 'Token',
  tokenHint: 'Um token para este serviço, de quem cuida dele.',
  wrongToken: 'Não foi possível entrar. Confira o token: pode estar incompleto ou ter expirado.',
  wrongUser: 'Não existe esse usuário de exemplo aqui.',
  away: 'Não é possível contatar {name} neste momento. Tente de novo em alguns minutos.',
  refused: '{name} não autenticou você. Tente mais uma vez; se acontecer de novo, procure quem cuida da sua conta lá.',
  lost: 'Esta entrada foi iniciada há muito tempo ou em outro navegador. Comece de novo.',
  unknown: '{name} conhece você, mas você não tem usuário aqui. Peça a quem cuida deste serviço que o adicione.',
  'no-email':
    '{name} não informou um endereço de e-mail verificado seu, que é necessário aqui. Verifique-o lá e entre de novo.',
  'email-taken':
    'Alguém aqui já tem o seu endereço de e-mail. Peça a quem cuida deste serviço que vincule a sua conta.',
  signedOut: 'Você saiu',
  signedOutBody: 'A sua sessão aqui terminou.',
  signOutThere: 'Sair também de {name}',
  signOutThereHint: 'Você talvez ainda esteja conectado lá, e um clique bastaria para entrar aqui de novo.',
  again: 'Entrar de novo',
};

const id: SessionWords = {
  title: 'Masuk',
  intro: 'Masuk untuk melihat ekspor proyek-proyek Anda.',
  ended: 'Sesi Anda sudah berakhir. Masuk lagi untuk melanjutkan.',
  withProvider: 'Masuk dengan {name}',
  asSample: 'Sebagai pengguna contoh',
  sampleHint: 'Ini demonstrasi: pilih Anda ingin menjadi siapa.',
  withToken: 'Dengan token',
  token: 'Token',
  tokenHint: 'Token untuk layanan ini, dari yang mengelolanya.',
  wrongToken: 'Anda belum berhasil masuk. Periksa token: mungkin tidak lengkap atau sudah kedaluwarsa.',
  wrongUser: 'Tidak ada pengguna contoh itu di sini.',
  away: '{name} tidak dapat dihubungi saat ini. Coba lagi beberapa menit lagi.',
  refused:
    '{name} tidak memasukkan Anda. Coba sekali lagi; jika terulang, tanyakan kepada pengelola akun Anda di sana.',
  lost: 'Proses masuk ini dimulai terlalu lama yang lalu, atau di peramban lain. Mulailah lagi.',
  unknown: '{name} mengenal Anda, tetapi Anda belum terdaftar di sini. Minta pengelola layanan ini menambahkan Anda.',
  'no-email':
    '{name} tidak memberikan alamat surel Anda yang terverifikasi, yang diperlukan di sini. Verifikasikan di sana, lalu masuk lagi.',
  'email-taken':
    'Seseorang di sini sudah memakai alamat surel Anda. Minta pengelola layanan ini menghubungkan akun Anda.',
  signedOut: 'Anda sudah keluar',
  signedOutBody: 'Sesi Anda di sini sudah berakhir.',
  signOutThere: 'Keluar juga dari {name}',
  signOutThereHint: 'Anda mungkin masih masuk di sana, sehingga satu klik membuat Anda masuk lagi di sini.',
  again: 'Masuk lagi',
};

const sw: SessionWords = {
  title: 'Ingia',
  intro: 'Ingia ili uone data zilizotolewa za miradi yako.',
  ended: 'Kipindi chako kimekwisha. Ingia tena ili uendelee.',
  withProvider: 'Ingia kwa {name}',
  asSample: 'Kama mtumiaji wa mfano',
  sampleHint: 'Hili ni onyesho: chagua unayetaka kuwa.',
  withToken: 'Kwa tokeni',
  token: 'Tokeni',
  tokenHint: 'Tokeni ya huduma hii, kutoka kwa anayeisimamia.',
  wrongToken: 'Hukuweza kuingia. Kagua tokeni: huenda haijakamilika, au muda wake umekwisha.',
  wrongUser: 'Hakuna mtumiaji huyo wa mfano hapa.',
  away: '{name} haipatikani kwa sasa. Jaribu tena baada ya dakika chache.',
  refused: '{name} haikukuingiza. Jaribu tena; ikitokea tena, muulize anayesimamia akaunti yako huko.',
  lost: 'Kuingia huku kulianza muda mrefu uliopita, au katika kivinjari kingine. Anza tena.',
  unknown: '{name} inakujua, lakini hujulikani hapa. Mwombe anayesimamia huduma hii akuongeze.',
  'no-email':
    '{name} haikutoa anwani yako ya barua pepe iliyothibitishwa, ambayo inahitajika hapa. Ithibitishe huko, kisha uingie tena.',
  'email-taken':
    'Mtu mwingine hapa tayari ana anwani yako ya barua pepe. Mwombe anayesimamia huduma hii aunganishe akaunti yako.',
  signedOut: 'Umetoka',
  signedOutBody: 'Kipindi chako hapa kimekwisha.',
  signOutThere: 'Toka pia kwa {name}',
  signOutThereHint: 'Huenda bado umeingia huko, hivyo mbofyo mmoja utakuingiza tena hapa.',
  again: 'Ingia tena',
};

export const SESSION: Readonly<Record<Language, SessionWords>> = { en, es, fr, pt, id, sw };
