/** Words of the pages that are shown in place of another. */
import type { Language } from '@parcelpost/shared/languages.js';

interface Told {
  title: string;
  body: string;
}

/** By HTTP status, and by problem type where that has more to say; `other` for the rest. */
export interface ErrorWords {
  told: Readonly<Record<400 | 401 | 403 | 404 | 410 | 429 | 500 | 503 | 'form-out-of-date' | 'other', Told>>;
  details: string;
  reference: string;
  /** `{time}` is a length of time. */
  retry: string;
  start: string;
}

const en: ErrorWords = {
  told: {
    400: {
      title: 'This address cannot be read',
      body: 'Something in it is not as it should be. Check the link that brought you here.',
    },
    401: { title: 'You are not signed in', body: 'Sign in to see this.' },
    403: {
      title: 'You may not do this',
      body: 'You are signed in, but not permitted to do this. Ask the organization whose project it is.',
    },
    404: {
      title: 'Nothing is here',
      body: 'There is no page of this address, or you may not know of it. Check the link, and as whom you are signed in.',
    },
    410: { title: 'This is no more', body: 'It was here, and is gone for good.' },
    429: {
      title: 'Too much at once',
      body: 'More was asked for than one may ask at once. Wait a little, and try again.',
    },
    500: { title: 'Something went wrong here', body: 'It is our fault, and was written down. Try again in a while.' },
    503: {
      title: 'Back in a moment',
      body: 'A part of this service does not answer right now. Nothing is lost; try again in a moment.',
    },
    'form-out-of-date': {
      title: 'This form is out of date',
      body: 'Its page was opened too long ago, or before you signed in. Nothing was changed. Open the page again, and send it from there.',
    },
    other: { title: 'This cannot be done', body: 'The service has refused what was asked of it.' },
  },
  details: 'Details',
  reference: 'Reference',
  retry: 'Try again in {time}.',
  start: 'Go to the start',
};

const es: ErrorWords = {
  told: {
    400: {
      title: 'No se puede leer esta dirección',
      body: 'Algo en ella no es como debería. Revise el enlace que le trajo aquí.',
    },
    401: { title: 'No ha iniciado sesión', body: 'Inicie sesión para ver esto.' },
    403: {
      title: 'No tiene permiso para hacer esto',
      body: 'Ha iniciado sesión, pero no tiene permiso para hacer esto. Pregunte a la organización a la que pertenece el proyecto.',
    },
    404: {
      title: 'Aquí no hay nada',
      body: 'No existe una página con esta dirección, o usted no puede verla. Revise el enlace y con qué usuario ha iniciado sesión.',
    },
    410: { title: 'Esto ya no existe', body: 'Estuvo aquí y se ha eliminado definitivamente.' },
    429: {
      title: 'Demasiado a la vez',
      body: 'Se ha pedido más de lo que se puede pedir a la vez. Espere un poco e inténtelo de nuevo.',
    },
    500: {
      title: 'Algo ha fallado aquí',
      body: 'Es culpa nuestra y ha quedado registrado. Inténtelo de nuevo dentro de un rato.',
    },
    503: {
      title: 'Volvemos enseguida',
      body: 'Una parte de este servicio no responde ahora. No se ha perdido nada; inténtelo de nuevo en un momento.',
    },
    'form-out-of-date': {
      title: 'Este formulario ha caducado',
      body: 'Su página se abrió hace demasiado tiempo, o antes de iniciar sesión. No se ha cambiado nada. Abra la página de nuevo y envíelo desde allí.',
    },
    other: { title: 'Esto no se puede hacer', body: 'El servicio ha rechazado lo que se le pidió.' },
  },
  details: 'Detalles',
  reference: 'Referencia',
  retry: 'Inténtelo de nuevo dentro de {time}.',
  start: 'Ir al inicio',
};

const fr: ErrorWords = {
  told: {
    400: {
      title: 'Cette adresse est illisible',
      body: 'Quelque chose n’y est pas comme il faut. Vérifiez le lien qui vous a amené ici.',
    },
    401: { title: 'Vous n’êtes pas connecté', body: 'Connectez-vous pour voir ceci.' },
    403: {
      title: 'Vous ne pouvez pas faire ceci',
      body: 'Vous êtes connecté, mais vous n’en avez pas le droit. Adressez-vous à l’organisation dont c’est le projet.',
    },
    404: {
      title: 'Il n’y a rien ici',
      body: 'Aucune page n’a cette adresse, ou vous ne pouvez pas la voir. Vérifiez le lien et le compte avec lequel vous êtes connecté.',
    },
    410: { title: 'Ceci n’existe plus', body: 'C’était ici et a été supprimé définitivement.' },
    429: {
      title: 'Trop à la fois',
      body: 'Il a été demandé plus que ce qui est permis à la fois. Attendez un peu et réessayez.',
    },
    500: {
      title: 'Une erreur s’est produite ici',
      body: 'C’est notre faute, et c’est noté. Réessayez dans un moment.',
    },
    503: {
      title: 'De retour dans un instant',
      body: 'Une partie de ce service ne répond pas pour le moment. Rien n’est perdu ; réessayez dans un instant.',
    },
    'form-out-of-date': {
      title: 'Ce formulaire est périmé',
      body: 'Sa page a été ouverte il y a trop longtemps, ou avant votre connexion. Rien n’a été changé. Rouvrez la page et envoyez-le depuis celle-ci.',
    },
    other: { title: 'Ce n’est pas possible', body: 'Le service a refusé ce qui lui était demandé.' },
  },
  details: 'Détails',
  reference: 'Référence',
  retry: 'Réessayez dans {time}.',
  start: 'Aller à l’accueil',
};

const pt: ErrorWords = {
  told: {
    400: {
      title: 'Não é possível ler este endereço',
      body: 'Algo nele não está como deveria. Confira o link que trouxe você aqui.',
    },
    401: { title: 'Você não entrou', body: 'Entre para ver isto.' },
    403: {
      title: 'Você não pode fazer isto',
      body: 'Você entrou, mas não tem permissão para isto. Pergunte à organização dona do projeto.',
    },
    404: {
      title: 'Não há nada aqui',
      body: 'Nenhuma página tem este endereço, ou você não pode vê-la. Confira o link e com que usuário você entrou.',
    },
    410: { title: 'Isto não existe mais', body: 'Esteve aqui e foi removido de vez.' },
    429: {
      title: 'Demais de uma vez',
      body: 'Foi pedido mais do que se pode pedir de uma vez. Espere um pouco e tente de novo.',
    },
    500: { title: 'Algo deu errado aqui', body: 'A falha é nossa e foi registrada. Tente de novo daqui a pouco.' },
    503: {
      title: 'Voltamos já',
      body: 'Uma parte deste serviço não responde agora. Nada se perdeu; tente de novo em um instante.',
    },
    'form-out-of-date': {
      title: 'Este formulário expirou',
      body: 'A página foi aberta há muito tempo ou antes de você entrar. Nada foi alterado. Abra a página de novo e envie a partir dela.',
    },
    other: { title: 'Isto não pode ser feito', body: 'O serviço recusou o que lhe foi pedido.' },
  },
  details: 'Detalhes',
  reference: 'Referência',
  retry: 'Tente de novo em {time}.',
  start: 'Ir para o início',
};

const id: ErrorWords = {
  told: {
    400: {
      title: 'Alamat ini tidak dapat dibaca',
      body: 'Ada yang tidak semestinya di dalamnya. Periksa tautan yang membawa Anda ke sini.',
    },
    401: { title: 'Anda belum masuk', body: 'Masuk untuk melihat ini.' },
    403: {
      title: 'Anda tidak boleh melakukan ini',
      body: 'Anda sudah masuk, tetapi tidak diizinkan melakukan ini. Tanyakan kepada organisasi pemilik proyek.',
    },
    404: {
      title: 'Tidak ada apa-apa di sini',
      body: 'Tidak ada halaman dengan alamat ini, atau Anda tidak boleh mengetahuinya. Periksa tautan dan sebagai siapa Anda masuk.',
    },
    410: { title: 'Ini sudah tidak ada', body: 'Dulu ada di sini, dan sudah dihapus untuk selamanya.' },
    429: {
      title: 'Terlalu banyak sekaligus',
      body: 'Yang diminta lebih dari yang boleh sekaligus. Tunggu sebentar, lalu coba lagi.',
    },
    500: { title: 'Ada yang salah di sini', body: 'Ini kesalahan kami, dan sudah dicatat. Coba lagi sebentar lagi.' },
    503: {
      title: 'Sebentar lagi kembali',
      body: 'Sebagian layanan ini sedang tidak menjawab. Tidak ada yang hilang; coba lagi sebentar lagi.',
    },
    'form-out-of-date': {
      title: 'Formulir ini sudah usang',
      body: 'Halamannya dibuka terlalu lama yang lalu, atau sebelum Anda masuk. Tidak ada yang diubah. Buka lagi halamannya, lalu kirim dari sana.',
    },
    other: { title: 'Ini tidak dapat dilakukan', body: 'Layanan menolak apa yang diminta.' },
  },
  details: 'Rincian',
  reference: 'Referensi',
  retry: 'Coba lagi dalam {time}.',
  start: 'Ke halaman awal',
};

const sw: ErrorWords = {
  told: {
    400: { title: 'Anwani hii haisomeki', body: 'Kuna kitu ndani yake kisicho sawa. Kagua kiungo kilichokuleta hapa.' },
    401: { title: 'Hujaingia', body: 'Ingia ili uone hii.' },
    403: {
      title: 'Huruhusiwi kufanya hivi',
      body: 'Umeingia, lakini huna ruhusa ya kufanya hivi. Uliza shirika lenye mradi huu.',
    },
    404: {
      title: 'Hakuna kitu hapa',
      body: 'Hakuna ukurasa wa anwani hii, au huruhusiwi kuujua. Kagua kiungo, na umeingia kama nani.',
    },
    410: { title: 'Hii haipo tena', body: 'Ilikuwa hapa, na imeondolewa kabisa.' },
    429: {
      title: 'Mengi kwa mara moja',
      body: 'Yaliyoombwa ni mengi kuliko yanayoruhusiwa kwa mara moja. Subiri kidogo, kisha jaribu tena.',
    },
    500: { title: 'Kuna kosa limetokea hapa', body: 'Ni kosa letu, na limeandikwa. Jaribu tena baada ya muda.' },
    503: {
      title: 'Tunarudi punde',
      body: 'Sehemu ya huduma hii haijibu kwa sasa. Hakuna kilichopotea; jaribu tena punde.',
    },
    'form-out-of-date': {
      title: 'Fomu hii imepitwa na wakati',
      body: 'Ukurasa wake ulifunguliwa zamani mno, au kabla hujaingia. Hakuna kilichobadilishwa. Fungua ukurasa tena, na utume kutoka hapo.',
    },
    other: { title: 'Hili haliwezekani', body: 'Huduma imekataa kilichoombwa.' },
  },
  details: 'Maelezo',
  reference: 'Kumbukumbu',
  retry: 'Jaribu tena baada ya {time}.',
  start: 'Nenda mwanzo',
};

export const ERRORS: Readonly<Record<Language, ErrorWords>> = { en, es, fr, pt, id, sw };
