"""What the site of the demo publishes, in words: news, interviews, calls. All of it is made up."""

from dataclasses import dataclass, field

from app.labels import ArticleKind

ANIMATOR, REFERENT = "animatrice", "referente"
JOURNAL = "Le Journal des deux rives (inventé)"
PAPER = "https://journal.demo.example/"


@dataclass(frozen=True)
class Piece:
    """An article: published how many days ago (none: still a draft), or in how many days (`ahead`).

    `days_off`: the days from now of its dates, by column. `is_meeting`: it announces two days, of a week-end that is
    more than a month away. `has_picture`: one is drawn for it. `paper`: the name of the file that comes with it, and
    its lines.
    """

    kind: ArticleKind
    days: int | None
    title: str
    summary: str
    body: str
    themes: tuple[str, ...] = ("citoyennete",)
    author: str = ANIMATOR
    ahead: int | None = None
    days_off: dict[str, int] = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    is_meeting: bool = False
    has_picture: bool = False
    paper: tuple[str, ...] = ()


CALL = "Mon conseil citoyen a du talent : envoyez vos actions"
PIECES = (
    Piece(
        ArticleKind.NEWS, 3, "Le forum des conseils a un an",
        "Des centaines de questions, et presque toujours une réponse dans la semaine.",
        "Il y a un an, le premier sujet demandait : « Comment avoir une salle ? » Depuis, vous avez parlé de bus, de "
        "chauffage, de jardins et de tirage au sort.\n\n## Ce que vous dites\n\n- On y trouve vite quelqu’un qui a eu "
        "le même souci.\n- On n’ose pas toujours écrire la première fois. Osez.\n\nMerci à celles et ceux qui "
        "répondent.",
        has_picture=True, others={"is_pinned": True},
    ),
    Piece(
        ArticleKind.NEWS, 24, "Une nouvelle page pour les référents locaux",
        "Le nom, le contact et le territoire de chaque référent sont maintenant au même endroit.",
        "Vous cherchez de l’aide près de chez vous ? La page [Référents locaux](/referents) dit qui appeler.",
    ),
    Piece(
        ArticleKind.AGENDA, 9, "Rencontre nationale des conseils citoyens",
        "Deux journées pour se voir, visiter un quartier et préparer l’année. Le voyage est remboursé.",
        "## Le programme\n\n1. Le premier jour : visite, puis ateliers sur les bus du soir et le chauffage.\n"
        "2. Le second jour : ce que nous demandons ensemble.\n\nDeux personnes par conseil, une de chaque collège.",
        is_meeting=True, others={"place": "Lyon"},
    ),
    Piece(
        ArticleKind.INTERVIEW, 15, "« On a commencé par un banc » : entretien avec Alice",
        "Comment un petit banc a fait naître un conseil qui compte quatorze personnes.",
        "**Par quoi avez-vous commencé ?**\n\nPar un banc. Les anciens n’avaient nulle part où s’asseoir entre "
        "l’arrêt de bus et la pharmacie. On a compté les pas, écrit une page, et le banc est venu.\n\n"
        "**Et après ?**\n\nAprès, les gens nous ont crus.\n\n**Un conseil ?**\n\nUne chose à la fois.",
        ("logement-et-cadre-de-vie", "citoyennete"), has_picture=True,
    ),
    Piece(
        ArticleKind.REPORTAGE, 33, "Un samedi au marché avec un conseil citoyen",
        "Une table, une thermos, une seule question : ils ont parlé avec soixante personnes en deux heures.",
        "Il est neuf heures. Chloé pose la thermos, Bruno la boîte à idées.\n\nLa question du jour : « Qu’est-ce qui "
        "vous ferait rester plus longtemps sur la place ? » Les réponses vont sur un grand plan, avec des "
        "gommettes.\n\n> Un toit. Quand il pleut, on part.\n\nÀ onze heures, le plan est plein.",
        ("lien-social", "commerces-et-economie"),
    ),
    Piece(
        ArticleKind.PRESS, 6, "La ligne de bus du soir est prolongée jusqu’à 22 heures",
        "Deux conseils citoyens le demandaient depuis la rentrée. Leurs relevés ont convaincu le service des "
        "transports.",
        "", ("transports",), others={"source": JOURNAL, "source_address": PAPER + "bus-du-soir"},
    ),
    Piece(
        ArticleKind.PRESS, 38, "Vingt-deux lampes réparées après une marche de nuit",
        "Le journal raconte comment douze habitants ont noté chaque lampe en panne.",
        "", ("tranquillite-publique",), others={"source": JOURNAL, "source_address": PAPER + "marche-de-nuit"},
    ),
    Piece(
        ArticleKind.CALL, 20, CALL,
        "Une action dont vous êtes fiers ? Envoyez sa fiche : elles seront montrées à la rencontre nationale.",
        "## Comment faire\n\n1. Écrivez la fiche de votre action sur ce site.\n2. Choisissez qui peut la lire.\n"
        "3. Envoyez-la depuis cette page.\n\nIl n’y a ni prix, ni classement.",
        ("citoyennete", "lien-social"), days_off={"ends_on": 30},
    ),
    Piece(
        ArticleKind.TOOL, 12, "Une affiche à compléter pour vos réunions",
        "Écrivez la date au feutre, et affichez-la dans les halls.",
        "Imprimez l’affiche, en grand si vous pouvez. Il n’y a que quatre lignes à remplir : le jour, l’heure, le lieu "
        "et le sujet.",
        paper=("affiche.pdf", "Réunion de votre conseil citoyen", "Le jour :", "L’heure :", "Le lieu :", "Le sujet :"),
    ),
    Piece(
        ArticleKind.GUIDE, 28, "Rendre visite à un autre conseil",
        "Une demi-journée qui vaut dix réunions : comment la préparer.",
        "## Avant\n\nAppelez-les. Dites ce que vous voulez voir, et combien vous serez.\n\n## Sur place\n\nMarchez "
        "d’abord, parlez ensuite.\n\n## Après\n\nÉcrivez trois choses que vous allez essayer chez vous.",
        ("lien-social",), paper=("trois-idees.pdf", "Trois choses à essayer chez nous", "1.", "2.", "3."),
    ),
    Piece(
        ArticleKind.STUDY, 44, "Qui vient aux réunions, et qui n’y vient pas ?",
        "Une étude inventée, pour montrer à quoi ressemble cette page.",
        "Cette étude n’existe pas. Une vraie dirait ici qui l’a faite, quand, auprès de combien de personnes, et ce "
        "qu’elle a trouvé.",
    ),
    Piece(
        ArticleKind.SURVEY, 48, "Votre conseil a-t-il un local ?",
        "Les questions d’un sondage de démonstration.",
        "1. Avez-vous un local à vous ?\n2. Combien de fois par mois l’ouvrez-vous ?\n3. Qui a la clé ?\n\nLes "
        "résultats d’un vrai sondage seraient donnés ici.",
    ),
    Piece(
        ArticleKind.LAW, 52, "Un exemple de règlement pour une rue aux écoles",
        "Un texte inventé, qui ferme une rue aux voitures à l’heure de la sortie.",
        "## Article 1\n\nLa rue est fermée aux voitures les jours d’école, de 16 h 15 à 16 h 45.\n\n## Article 2\n\n"
        "Les riverains et les secours passent.",
        ("education-et-jeunesse", "transports"), others={"source": "Commune de démonstration"},
    ),
    Piece(
        ArticleKind.NEWS, None, "Les vœux de l’équipe du site",
        "Ce que nous préparons pour vous l’an prochain.",
        "Bonne année à tous les conseils ! Nous préparons des rencontres dans chaque région.", ahead=6,
    ),
    Piece(
        ArticleKind.AGENDA, None, "Formation : lire un budget en une soirée",
        "Une soirée au centre de ressources pour les conseils du département. C’est gratuit.",
        "On y apprend à lire le budget d’une action et celui d’une commune. Venez avec un dossier à vous.",
        author=REFERENT, days_off={"starts_on": 26}, others={"place": "Centre de ressources"},
    ),
)  # fmt: skip
