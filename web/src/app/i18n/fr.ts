import { noticesFr } from "./notices.fr";
import { planFr } from "./plan.fr";
import { de } from "./de";
import type { Messages } from "./en";
import { doorFr } from "./door.fr";
import { entryFr } from "./entry.fr";
import { peopleFr } from "./people.fr";
import { roomFr } from "./room.fr";
import { appsFr } from "./apps.fr";
import { keyFr } from "./key.fr";
import { counter } from "./plural";

const count = counter("fr");

/** French. Non-breaking spaces stand before « : », « ; », « ! », « ? » and inside guillemets; apostrophes are curly. */
export const fr: Messages = {
  language: { name: "Français", label: "Langue" },

  common: {
    close: "Fermer",
    on: (day) => `le ${day}`,
    cancel: "Annuler",
    copy: "Copier",
    copied: "Copié",
    notCopied: "Le navigateur ne laisse pas cette page copier.",
    copyDiagnosis: "Copier le diagnostic",
    diagnosisCopied: "Diagnostic copié. Il ne nomme personne et ne contient aucun secret.",
    retry: "Réessayer",
    loading: "Chargement…",
    toHallway: "Aller au hall",
    toRoom: "Aller au salon",
    goOn: "Continuer",
    skip: "Aller au contenu",
  },

  site: {
    main: "Navigation principale",
    hallway: "Hall",
    invites: "Invitations",
    profile: "Profil",
    members: (n) => count(n, { one: "# membre", other: "# membres" }),
    served: (host) => `Servi par ${host}`,
  },

  hallway: {
    live: "En direct",
    following: "Vous suivez",
    others: "Autres communautés",
    start: "Lancer un salon",
    emptyTitle: "Personne ne parle.",
    emptyHere: "Personne ne parle ici.",
    emptyHereText: "Lancez un salon, ou entrez plus bas dans celui d’une autre communauté.",
    emptyText: "Lancez un salon, ou suivez un sujet pour être prévenu.",
    people: (stage, listening) =>
      `${count(stage, { one: "# sur scène", other: "# sur scène" })} · ${count(listening, { one: "# à l’écoute", other: "# à l’écoute" })}`,
    nobodyOnStage: "Personne sur scène pour l’instant",
    current: "Votre salon",
    returnTo: "Revenir au salon",
    reconnecting: "Reconnexion au nœud…",
    onNode: (mark) => `Sur le nœud ${mark}`,
    why: "Pourquoi ce salon ?",
    whyHere: "Ce nœud héberge le salon.",
    whyCommunity: "Un autre nœud de votre communauté héberge le salon.",
    whyTopic: (topic) => `Ce nœud suit le sujet #${topic}.`,
    whyGeneral: "Le salon est annoncé à tout le monde.",
    options: (title) => `Options pour « ${title} »`,
    hide: (community) => `Masquer ${community}`,
    hideHint: "Les salons d’une communauté masquée n’apparaissent plus dans votre hall, dans ce navigateur. Personne d’autre ne le remarque.",
    hiddenNow: (community) => `${community} n’apparaît plus dans votre hall.`,
    undo: "Annuler",
    hidden: (n) => count(n, { one: "# communauté masquée", other: "# communautés masquées" }),
    showAgain: "Réafficher",
    showAgainWhich: (community) => `Réafficher ${community}`,
    shown: (community) => `${community} est de retour dans votre hall.`,
    linkNotCopied: "Le navigateur interdit la copie à cette page. Entrez dans le salon pour copier son lien.",
  },

  people: peopleFr,

  plan: planFr,

  door: doorFr,

  notices: noticesFr,

  start: {
    title: "Lancer un salon",
    roomTitle: "Titre",
    roomTitleHint: "De quoi allez-vous parler ?",
    topics: "Sujets",
    topicsHint: "Trois au plus, un mot chacun. Appuyez sur Entrée après chaque mot.",
    removeTopic: (topic) => `Retirer ${topic}`,
    language: "Langue",
    entry: "Qui peut entrer",
    entryMembers: (community) => `Les membres de la communauté « ${community} » et d’autres communautés`,
    start: "Lancer",
    starting: "Lancement…",
    otherRoom: (title) => `Vous êtes dans « ${title} ». Lancer un salon vous le fera quitter.`,
    titleMissing: "Donnez un titre au salon.",
    titleLong: "Un titre compte au plus 100 caractères.",
    titleCharacters: "Un titre tient sur une ligne de texte simple.",
  },

  join: {
    title: (community) => `Rejoindre ${community}`,
    founding:
      "Ce nœud n’a pas encore de communauté. Vous l’ouvrez, et sa clé reste chez vous, dans ce navigateur.",
    communityName: "Nom de la communauté",
    communityDefault: "Le Portique",
    name: "Votre nom",
    nameHint: "Celui sous lequel on vous connaît ici. Un pseudonyme convient.",
    submit: "Rejoindre",
    submitting: "Un instant…",
    invitedBy: (sponsor, community) => `${sponsor} vous invite à rejoindre ${community}.`,
    sponsorAnswers: (sponsor) =>
      `${sponsor} répond de vous : chacun voit ici de qui vous êtes l’invité. Vous répondrez de même des personnes que vous inviterez.`,
    expires: (when) => `Cette invitation prend fin ${when}.`,
    keyNote: "Ni mot de passe ni adresse e-mail : rejoindre crée une clé dans ce navigateur, et cette clé, c’est vous.",
    nameMissing: "Dites comment vous appeler.",
    nameLong: "Ce nom est trop long : 40 caractères au plus, et moins de ceux qui prennent beaucoup de place, comme certains émojis.",
    nameCharacters: "Un nom tient sur une ligne de texte simple.",
    communityMissing: "Donnez un nom à la communauté.",
    linkIncomplete: "Ce lien de fondation est incomplet. Copiez toute la ligne depuis le terminal.",
    linkCut: "Ce lien d’invitation est incomplet. Copiez le lien entier, jusqu’au dernier caractère, et rouvrez-le.",
    unusable: "Cette invitation n’est pas utilisable",
    ownerUnusable: "Ce lien de fondation n’est pas utilisable",
    ownerHint:
      "À chaque démarrage, le nœud affiche dans son terminal un nouveau lien de fondation, valable une seule fois, pendant une heure.",
  },

  already: {
    title: "Vous êtes déjà membre",
    text: (name) => `Ce navigateur est celui ${de(name)}.`,
    invite: "L’invitation reste inutilisée. Laissez-la à la personne à qui elle est destinée.",
    owner: "La communauté est déjà fondée. Le lien de fondation ne sert plus.",
  },

  stranger: {
    text: "Ici, on se parle en direct, dans des salons qui ont une scène et un public.",
    invited: "Si un membre vous a invité, ouvrez son lien dans ce navigateur.",
    room: "Ce salon est réservé aux membres.",
    restore: "J’ai un fichier de récupération",
    restoreHint: "Déjà membre ? Votre fichier de récupération ramène votre clé dans ce navigateur.",
    unfoundedTitle: "Ce nœud n’a pas encore de communauté",
    unfounded:
      "La personne qui fait tourner le nœud ouvre le lien de fondation affiché dans son terminal au démarrage.",
    unknownKey: "Ce navigateur détient une clé qui n’est pas membre ici.",
    unknownKeyHint:
      "Ouvrez une invitation pour rejoindre, restaurez une autre clé depuis son fichier de récupération, ou oubliez celle-ci.",
  },

  restore: {
    title: "Ouvrir votre fichier de récupération",
    text: "Il contient votre clé, scellée par votre phrase secrète. Rien n’est envoyé au nœud.",
    file: "Fichier de récupération",
    passphrase: "Phrase secrète",
    submit: "Ouvrir le fichier de récupération",
    submitting: "Ouverture…",
    choose: "Choisir un fichier",
    fileMissing: "Choisissez d’abord le fichier.",
    passphraseMissing: "Saisissez la phrase secrète choisie en enregistrant le fichier.",
    failed:
      "Ce n’est pas un fichier de récupération, ou il vient d’une version plus récente. Choisissez celui que vous avez enregistré en rejoignant.",
    wrong: "La phrase secrète n’ouvre pas ce fichier. Vérifiez-la, majuscules comprises.",
    otherCommunity: "Ce fichier appartient à une autre communauté. Ouvrez-le sur le nœud de celle-ci.",
    replaces:
      "La clé que détient ce navigateur sera remplacée. Enregistrez d’abord son fichier de récupération.",
  },

  recovery: {
    title: "Enregistrez votre fichier de récupération",
    text: "Votre clé n’existe que dans ce navigateur. S’il l’oublie, ou si vous perdez l’appareil, ce fichier est le seul moyen de revenir. Personne ne peut la réinitialiser pour vous.",
    privateWindow:
      "Une fenêtre privée oublie tout en se fermant, et Safari oublie les pages non visitées depuis sept jours.",
    passphrase: "Phrase secrète",
    passphraseHint: "Au moins 10 caractères. Sans elle, personne ne peut ouvrir le fichier.",
    passphraseShort: "Il faut au moins 10 caractères.",
    save: "Enregistrer le fichier de récupération",
    saving: "Scellement…",
    later: "Plus tard",
    banner: "Votre clé n’est que dans ce navigateur.",
    bannerAction: "L’enregistrer",
    saved: "Fichier de récupération enregistré. Gardez-le là où vous gardez l’important.",
    kept: "Votre fichier de récupération est enregistré. Ce navigateur peut utiliser votre clé, mais plus la copier.",
    missing: "Pas encore enregistré.",
    founder: (name) =>
      `Vous avez fondé ${name} : cette clé est la communauté. La perdre, c’est perdre la communauté.`,
  },

  ...roomFr,

  notFound: {
    title: "Il n’y a rien ici",
    text: "L’adresse est peut-être mal recopiée.",
  },

  invites: {
    title: "Invitations",
    left: (n) => count(n, { one: "# invitation restante", other: "# invitations restantes" }),
    newcomers: {
      members: "Une personne qui n’est pas encore membre a besoin d’une invitation. Celle-ci mène droit au salon.",
      public: "Pour parler, une personne qui n’est pas encore membre a besoin d’une invitation. Celle-ci mène droit au salon.",
      chosen: "Une invitation fait de quelqu’un un membre. La modération doit aussi choisir cette personne pour ce salon.",
    },
    intro: "Chaque invitation fait entrer une personne, dont vous répondez.",
    introStrong: "Chacun voit qui l’a invitée.",
    none: "Il n’en reste pas. Une invitation retirée ou expirée vous revient.",
    create: "Créer une invitation",
    creating: "Création…",
    link: "Lien d’invitation",
    linkOnce: "Copiez-le maintenant : seul cet écran connaît son secret, et on ne peut pas le réafficher.",
    linkFor: "À envoyer à une seule personne. Il sert une fois.",
    qr: "Code QR du lien d’invitation",
    share: "Partager",
    pending: "En attente",
    joined: "Arrivées",
    past: "Passées",
    created: (when) => `Créée ${when}`,
    createdOn: (day) => `Créée le ${day}`,
    expires: (when) => `Prend fin ${when}`,
    revoke: "Retirer",
    revokeWhich: (when) => `Retirer l’invitation créée ${when}`,
    revoked: "Retirée",
    expired: "Expirée",
    revokedDone: "Invitation retirée. Vous pouvez la donner à nouveau.",
    emptyPending: "Aucune invitation en attente.",
  },

  entry: entryFr,

  ...keyFr,

  profile: {
    more: "Autres pages",
    invitedBy: (name) => `Sur invitation ${de(name)}`,
    founder: "A fondé la communauté",
    chain: "Qui répond de qui",
    chainYou: "Vous",
    edit: "Ce que les autres voient de vous",
    picture: "Photo",
    pictureChoose: "Choisir une photo",
    pictureRemove: "Retirer la photo",
    pictureUnreadable: "Ce fichier n’est pas une image que le navigateur sait lire. Choisissez-en une autre.",
    bio: "À propos de vous",
    bioHint: (n) => count(n, { one: "Un paragraphe. Il reste # caractère.", other: "Un paragraphe. Il reste # caractères." }),
    bioWrong: "Ce que vous dites de vous est un paragraphe de texte simple, de 300 caractères au plus.",
    links: "Liens",
    linksHint: "Jusqu’à quatre adresses qui commencent par https://, séparées par une espace.",
    linksWrong: "Un lien commence par https:// et n’a ni espace ni accent. Il y en a quatre au plus.",
    topics: "Vos sujets",
    topicsHint: "Jusqu’à huit, un mot chacun. Appuyez sur Entrée après chacun.",
    save: "Enregistrer",
    saved: "Enregistré. Tous ceux qui vous voient le voient aussi.",
    languages: "Langues que vous parlez",
    languagesHint: "Six au plus. Les autres les voient dans votre profil.",
    interests: "Ce dont vous voulez entendre parler",
    interestTopics: "Sujets que vous suivez",
    interestTopicsHint: "Leurs salons viennent en premier dans votre hall. Ce nœud les écoute alors, au nom de tous ses membres.",
    interestLanguages: "Langues que vous comprenez",
    interestLanguageAdd: "Ajouter une langue",
    interestLanguagesHint: "Les salons dans d’autres langues viennent en dernier. Sans choix, toutes se valent.",
    key: "Votre clé",
    appearance: "Apparence",
    language: "Langue",
    theme: "Thème",
    themeSystem: "Système",
    themeLight: "Clair",
    themeDark: "Sombre",
    inRooms: "Dans les salons",
    shortcuts: "Raccourcis clavier",
    shortcutsHint: "Dans un salon, une seule touche coupe le micro, lève la main, etc.",
    shortcutsShow: "Voir les touches",
    cues: "Son discret quand on vous invite sur scène",
    recovery: "Fichier de récupération",
    forget: "Oublier ce navigateur",
    forgetHint: "Votre clé est retirée de ce navigateur. Seul votre fichier de récupération vous y ramènera.",
    forgetUnsaved:
      "Vous n’avez pas enregistré de fichier de récupération. Sans lui, vous ne pourrez jamais revenir comme ce membre.",
    forgetUnsavedFounder:
      "Vous n’avez pas enregistré de fichier de récupération. Sans lui, plus personne ne pourra agir pour cette communauté.",
    forgetConfirm: "Oublier ma clé",
    forgetTitle: "Oublier ce navigateur ?",
  },

  apps: appsFr,

  restored: {
    title: "Rétabli depuis une sauvegarde",
    founder: "Ce nœud a été rétabli depuis une sauvegarde. Personne ne peut entrer et aucun salon ne peut s’ouvrir tant que vous ne l’avez pas approuvé.",
    others: "Ce nœud a été rétabli depuis une sauvegarde. Personne ne peut entrer et aucun salon ne peut s’ouvrir tant que le fondateur ne s’est pas connecté ici pour l’approuver.",
    approve: "L’approuver",
  },

  shortcuts: {
    title: "Raccourcis clavier",
    mute: "Ouvrir ou couper le micro",
    talk: "Maintenir pour parler",
    hand: "Lever ou baisser la main",
    people: "Aller au public",
    hands: "Aller aux mains levées",
    reactions: "Réagir",
    help: "Cette liste",
    space: "Espace",
    on: "Ces touches agissent dans les salons",
    off: "Jamais dans les champs de texte ni les fenêtres.",
  },

  problem: {
    title: "Quelque chose n’a pas marché",
    offline: "Le nœud ne répond pas.",
    offlineHint: "Vérifiez votre connexion. La page réessaie d’elle-même.",
    missingHint: "Vérifiez votre connexion. Si le nœud a été mis à jour entre-temps, rechargez la page.",
    insecureTitle: "Cette page demande une adresse sûre",
    insecure:
      "Les navigateurs ne gardent des clés que pour les pages ouvertes en https, ou sur cette machine même. Demandez l’adresse https à la personne qui fait tourner le nœud.",
    oldTitle: "Ce navigateur est trop ancien",
    old: (missing) =>
      `Il lui manque : ${missing}. Mettez-le à jour, ou prenez une version récente de Firefox, Chrome, Edge ou Safari.`,
    storageTitle: "Ce navigateur ne garde rien",
    storage:
      "Votre clé a besoin du stockage du navigateur. Quittez la fenêtre privée, ou autorisez cette page à stocker des données, puis rechargez.",
    unexpected:
      "La page a échoué. Rechargez-la ; si cela persiste, prévenez la personne qui fait tourner le nœud.",
    reload: "Recharger",
    updated: "Le nœud a été mis à jour.",
    updatedReload: "Nouvelle version : recharger",
  },
};
