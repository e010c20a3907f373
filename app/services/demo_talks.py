"""What the people of the demo say to one another: made up, some of everything that a discussion may be."""

from dataclasses import dataclass
from datetime import time

RUBRICS = (
    ("Faire vivre son conseil", "Réunions, nouveaux membres, locaux, petits budgets : comment font les autres ?"),
    ("Contrat de ville et institutions", "La mairie, l’État, les bailleurs : comprendre, être invité, être entendu."),
    ("Projets et actions", "Une idée, un projet en cours, un coup de main à demander."),
    ("Cadre de vie et logement", "Propreté, éclairage, charges, travaux, espaces verts."),
    ("Le site : questions et idées", "Vous ne trouvez pas un bouton ? Demandez ici."),
)
GROUP = ""  # in the place of a rubric: where the demo group discusses


@dataclass(frozen=True)
class Said:
    """A message: who wrote it, how many days ago, at what time. « [[words: a title]] » in it is a link, with these
    words, to what the demo councils share under this title."""

    author: str
    days: int
    hour: time
    text: str


@dataclass(frozen=True)
class Talk:
    """A topic of a rubric, with its messages. `answer`: the number of the one that answers the question."""

    rubric: str
    title: str
    messages: tuple[Said, ...]
    answer: int | None = None
    is_pinned: bool = False
    is_closed: bool = False


def _said(author, days, hour, *paragraphs):
    return Said(author, days, time.fromisoformat(hour), "\n\n".join(paragraphs))


LIFE, CONTRACT, PROJECTS, PLACES, SITE = (name for name, _ in RUBRICS)
TALKS = (
    Talk(SITE, "Bienvenue sur le forum : lisez-moi d’abord", (
        _said(
            "animatrice", 38, "09:30",
            "Bonjour à toutes et à tous. Ici, les membres de tous les conseils citoyens se parlent. Les visiteurs du "
            "site ne voient pas le forum.",
            "## Trois conseils",
            "- Posez une question par sujet, avec un titre clair.\n- Dites de quelle ville vous parlez.\n- Quand une "
            "réponse vous aide, dites-le avec le bouton « Ceci répond à ma question ».",
            "Un doute ? Écrivez ici, je réponds dans la journée.",
        ),
        _said("emile", 37, "17:05", "Merci Sophie. Pas besoin d’être fort en orthographe, j’espère !"),
        _said("animatrice", 37, "17:40", "Pas du tout. L’important, c’est de se comprendre."),
    ), is_pinned=True),
    Talk(LIFE, "Où vous réunissez-vous quand la salle est prise ?", (
        _said(
            "alice", 34, "18:20",
            "Notre salle commune est prise deux soirs par semaine. Où allez-vous quand il n’y a pas de place ?",
        ),
        _said("chloe", 34, "20:45", "À l’école, après la garderie. La directrice nous prête le réfectoire."),
        _said(
            "referente", 33, "10:10",
            "Demandez aussi à la médiathèque et au centre social. La mairie doit vous aider : le contrat de ville "
            "prévoit un lieu pour le conseil citoyen. Je vous envoie un modèle de lettre si vous voulez.",
        ),
        _said("alice", 33, "19:00", "Le centre social a dit oui pour le mardi. Merci Monique !"),
    ), answer=3),
    Talk(LIFE, "Comment faire venir du monde à nos réunions ?", (
        _said("bruno", 31, "12:40", "Nous sommes toujours les mêmes dix. Donnez vos idées, même petites !"),
        _said("chloe", 31, "13:15", "Un goûter. Les enfants viennent, donc les parents aussi."),
        _said("emile", 31, "16:30", "Une affiche dans chaque hall, une semaine avant. Pas un mois : on oublie."),
        _said("alice", 31, "18:50", "Chez nous, le bouche-à-oreille marche mieux que l’affiche."),
        _said("bruno", 30, "08:05", "Je peux mettre un mot dans le sac à pain. On essaie le mois prochain."),
        _said("emile", 30, "09:20", "Le mot dans le sac à pain, c’est malin."),
        _said("chloe", 30, "21:10", "Et garder les enfants pendant la réunion. Sinon, les mamans ne restent pas."),
        _said("alice", 29, "17:35", "Oui ! Qui s’en occupe chez vous ?"),
        _said("chloe", 29, "20:00", "Deux jeunes du club de foot. On leur offre le repas."),
        _said("referente", 28, "11:00", "Dans une autre ville, la réunion change d’immeuble à chaque fois."),
        _said("emile", 28, "15:45", "Dehors, l’été, au pied des tours. On a eu quarante personnes."),
        _said("bruno", 27, "12:10", "Quarante ? Avec combien de chaises ?"),
        _said("emile", 27, "16:00", "Douze ! Les autres sont restés debout, ou aux fenêtres."),
        _said("alice", 26, "18:15", "Il faut aussi dire à quoi la réunion a servi. Sinon, les gens se lassent."),
        _said("chloe", 26, "20:30", "On affiche trois lignes : demandé, obtenu, en attente."),
        _said("bruno", 25, "07:50", "Trois lignes, tout le monde les lit. Je prends l’idée."),
        _said("referente", 24, "14:20", "Pensez à une réunion courte : une heure et quart, pas plus."),
        _said("emile", 24, "17:25", "Et une heure fixe pour finir. Mon bus n’attend pas."),
        _said("alice", 22, "19:05", "Qui a essayé le samedi matin ?"),
        _said("chloe", 22, "21:00", "Nous : moins de parents, plus de retraités."),
        _said("emile", 21, "10:15", "Normal, c’est l’heure du marché. Mettez une table au marché, alors."),
        _said("bruno", 20, "12:30", "La table au marché : deux heures, trente-cinq conversations, six nouveaux."),
        _said("alice", 18, "18:00", "Six ! Bravo. Ils sont revenus ?"),
        _said("bruno", 12, "12:20", "Quatre sur six à la réunion d’après."),
        _said("referente", 9, "09:45", "C’est un très bon résultat. Me permettez-vous d’en parler aux autres ?"),
        _said("bruno", 8, "13:00", "Bien sûr. Le plus dur, c’est la première conversation."),
        _said("emile", 2, "11:10", "Nous avons fait la table au marché hier. Neuf noms sur la feuille !"),
        _said("chloe", 1, "20:20", "Neuf ! Nous essayons samedi prochain."),
    )),
    Talk(LIFE, "Une enquête de porte en porte : quelles questions poser ?", (
        _said("chloe", 16, "14:10", "Nous voulons frapper à toutes les portes de deux immeubles. Que demander ?"),
        _said(
            "bruno", 16, "19:30",
            "Nous avons écrit [[douze questions: Modèle d’enquête de porte en porte]] qui ont bien marché. "
            "Reprenez-les.",
        ),
        _said(
            "chloe", 15, "21:40",
            "> **Bruno Lefèvre** a écrit :\n>\n> Reprenez-les.",
            "Merci ! Nous en gardons huit, et nous ajoutons l’école.",
        ),
    ), answer=2),
    Talk(CONTRACT, "Nous ne sommes pas invités au comité de pilotage", (
        _said(
            "emile", 25, "10:05",
            "Le comité du contrat de ville se réunit dans trois semaines. Notre conseil n’a rien reçu. À qui écrire ?",
        ),
        _said(
            "referente", 25, "15:30",
            "La loi de 2014 dit que le conseil citoyen participe aux instances de pilotage. Voici comment faire, en "
            "quatre étapes. Prenez votre temps : il vous reste trois semaines.",
            "## 1. Téléphonez d’abord",
            "Appelez la personne chargée de la politique de la ville à l’intercommunalité. Très souvent, la liste des "
            "invités est ancienne et personne ne l’a relue. Demandez la date, l’heure, le lieu et l’ordre du jour. "
            "Notez le nom de la personne, et ce qu’elle vous a répondu.",
            "## 2. Écrivez ensuite",
            "Une lettre courte suffit : qui vous êtes, ce que vous demandez, pour quand vous attendez une réponse. "
            "Mettez en copie la déléguée ou le délégué du préfet. Signez à deux, une personne de chaque collège. "
            "Gardez une copie de tout, avec la date.",
            "## 3. Préparez votre parole",
            "Une fois invités, ne venez pas les mains vides. Choisissez deux sujets, pas dix. Pour chacun : ce que "
            "vivent les habitants, un chiffre ou une photo, ce que vous proposez. Répétez la veille, à voix haute, "
            "devant quelqu’un qui ne connaît pas le dossier. Deux minutes par sujet, c’est déjà beaucoup dans une "
            "réunion de ce genre, où vingt personnes veulent parler.",
            "## 4. Racontez ce qui s’est dit",
            "Le lendemain, écrivez dix lignes pour les membres du conseil et affichez-les dans les halls. Dites aussi "
            "ce que vous n’avez pas obtenu. La fois suivante, demandez où en est chaque promesse. C’est ainsi que le "
            "conseil devient quelqu’un avec qui il faut compter.",
            "## Et si personne ne répond ?",
            "Attendez dix jours, puis rappelez : une lettre se perd facilement. Ensuite, prévenez la préfecture, et "
            "demandez aux conseils voisins s’ils ont le même souci. À plusieurs, on vous répond plus vite. Restez "
            "aimables jusqu’au bout : vous aurez affaire aux mêmes personnes pendant des années.",
            "Je peux relire votre lettre avant qu’elle parte. Mon adresse est sur la page des référents.",
        ),
        _said("emile", 24, "09:10", "Merci, c’est très clair. J’appelle demain."),
        _said("alice", 23, "18:40", "Gardez la lettre : nous aurons le même souci au printemps."),
        _said("emile", 5, "17:00", "Invitation reçue ce matin ! Deux places pour le conseil."),
        _said("referente", 1, "10:30", "Bravo. Dites-nous comment cela s’est passé."),
    )),
    Talk(CONTRACT, "Quelle différence entre le contrat de ville et le quartier prioritaire ?", (
        _said("bruno", 29, "12:15", "On me le demande à la boulangerie, et je m’embrouille. Qui peut l’expliquer ?"),
        _said(
            "animatrice", 29, "14:00",
            "Le quartier prioritaire est un endroit, dessiné sur une carte par l’État. Le contrat de ville est un "
            "accord : il dit ce que l’État, la ville et les autres y font.",
        ),
        _said("bruno", 29, "18:30", "Un endroit, un accord. Je retiens. Merci !"),
    ), answer=2),
    Talk(CONTRACT, "Le fonds de participation des habitants existe-t-il chez vous ?", (
        _said("chloe", 4, "13:50", "On nous parle d’un fonds pour les petits projets. Comment le demander ?"),
        _said("alice", 3, "18:25", "Chez nous, oui : 60 euros pour la marche de nuit. Un dossier de deux pages."),
        _said("emile", 1, "09:55", "Chez nous, il a été arrêté l’an dernier. Nous le réclamons."),
    )),
    Talk(PROJECTS, "Jardin partagé : qui a un récupérateur d’eau ?", (
        _said("alice", 19, "17:10", "L’été, nous portons des seaux. Un récupérateur d’eau, cela coûte combien ?"),
        _said("emile", 19, "18:00", "Une cuve de 1 000 litres d’occasion : 40 euros. Il faut un toit à côté."),
        _said("alice", 18, "17:30", "Le toit du local à vélos ! Je demande au bailleur."),
        _said("bruno", 6, "12:50", "Le bailleur est passé voir. Il dit oui si l’on met un couvercle."),
    )),
    Talk(PROJECTS, "Une fête de quartier sans se fâcher avec les voisins", (
        _said("chloe", 13, "20:15", "L’an dernier, on s’est plaint du bruit. Comment faites-vous ?"),
        _said("bruno", 12, "12:45", "Nous finissons à 22 h, et c’est écrit sur l’affiche."),
        _said("alice", 11, "19:20", "Et nous portons une part de gâteau à ceux qui ne descendent pas."),
    )),
    Talk(PLACES, "Charges de chauffage : elles ont doublé", (
        _said("bruno", 14, "19:10", "Dans l’immeuble de ma mère, les charges ont doublé. Que peut-on demander ?"),
        _said(
            "emile", 14, "20:30",
            "Demandez à voir les factures : le bailleur doit les montrer. J’ai écrit deux pages : "
            "[[lire sa facture de charges: Chauffage : lire sa facture de charges]].",
        ),
        _said("bruno", 13, "12:00", "Très utile. Nous y allons à six locataires jeudi."),
        _said("alice", 2, "18:10", "Alors, cette visite ?"),
    )),
    Talk(PLACES, "Dépôts sauvages : qui a trouvé une solution ?", (
        _said("emile", 10, "11:20", "Chaque lundi, des matelas au pied des tours. La ville passe le jeudi."),
        _said("chloe", 10, "20:50", "Nous avons obtenu un ramassage le lundi, avec des photos datées."),
        _said("emile", 9, "09:00", "Les photos datées, bonne idée. Combien de semaines ?"),
        _said("chloe", 9, "20:05", "Cinq."),
    )),
    Talk(SITE, "Les images ne s’affichaient plus : c’est réparé", (
        _said("animatrice", 21, "08:30", "Depuis hier soir, les photos manquent sur quelques pages. On s’en occupe."),
        _said("animatrice", 20, "17:45", "C’est réparé. Merci à celles et ceux qui ont prévenu. Je ferme ce sujet."),
    ), is_closed=True),
    Talk(GROUP, "La lettre sur les bus du soir : qui la porte ?", (
        _said(
            "alice", 17, "18:30",
            "[[Le projet de lettre: Lettre commune sur la ligne de bus du soir]] est relu. Qui le porte au service "
            "des transports ?",
        ),
        _said("chloe", 17, "21:15", "Je suis libre le mercredi après-midi. Bruno, tu viens ?"),
        _said("bruno", 16, "07:40", "Un mercredi, oui, après 15 h."),
        _said("chloe", 2, "19:30", "Rendez-vous pris : mercredi en huit, à 15 h 30. Deux personnes par conseil."),
    )),
    Talk(GROUP, "Une visite à pied de nos deux quartiers, au printemps", (
        _said("bruno", 7, "19:45", "On commence par la boulangerie, on finit par l’école ?"),
        _said("alice", 6, "18:05", "Oui, et on note ce qui va bien, pas seulement ce qui manque."),
    )),
)  # fmt: skip
# How many days ago each of them came last, and read everything that was there.
VISITS = {"animatrice": 1, "referente": 1, "emile": 1, "alice": 3, "chloe": 4, "bruno": 7}
