import type { appsEn } from "./apps.en";

/** Other programs in one's place, in French. */
export const appsFr: typeof appsEn = {
  title: "Connecter une autre application",
  intro:
    "Une console, une radio, un logiciel de diffusion : tout programme qui parle par WHIP ou écoute par WHEP. Il n’a aucune de vos clés, seulement un jeton pour ce salon.",
  speak: "Créer un jeton pour parler",
  listen: "Créer un jeton pour écouter",
  creating: "Création…",
  forSpeaking: "Pour parler",
  forListening: "Pour écouter",
  url: "Adresse",
  token: "Jeton",
  tokenHint: "Affiché une seule fois. Qui le détient agit en votre nom dans ce salon.",
  command: "Ligne de commande (GStreamer avec gst-plugins-rs)",
  obs: "Dans OBS : Paramètres, Stream, service WHIP ; l’adresse est le serveur, le jeton est le « bearer token ».",
  connected: "Vos applications",
  none: "Aucune application n’a de jeton.",
  isConnected: "connectée",
  waits: "non connectée",
  until: (time: string) => `jusqu’à ${time} au plus tard`,
  disconnect: (name: string) => `Déconnecter : ${name}`,
  disconnectShort: "Déconnecter",
  stageFirst: "On l’entendra dès que vous serez sur scène.",
  speaking: "Vous parlez depuis une autre application.",
  speakingHint: "Le micro de cette page est fermé. Coupez et réactivez comme d’habitude.",
  useMicrophone: "Utiliser ce micro",
  listening: "Vous écoutez dans une autre application.",
  listeningHint: "Cette page reste muette en attendant.",
  listenHere: "Écouter ici aussi",
};
