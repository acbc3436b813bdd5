// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/firststart.h"

#include "ui/models/modellist.h"
#include "ui/panels/composer.h"
#include "ui/panels/firststartparts.h"
#include "ui/panels/styledlabel.h"
#include "ui/panels/transcript.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include <tuple>

namespace moescope::ui {

namespace {

constexpr int kOneColumn = 560; ///< px: below, the cards stand in one column
constexpr int kHintColumns = 3;

QString nameOf(const trace::ModelInfo& model) {
    return QString::fromStdString(model.name.empty() ? model.file_name : model.name);
}

/** What else can be done here and how, with an icon. */
class Hint : public QWidget {
public:
    Hint(const QString& iconName, const QString& what, const QString& how, QWidget* parent)
        : QWidget(parent), m_iconName(iconName) {
        auto* lines = new QVBoxLayout(this);
        lines->setContentsMargins(28, 0, 0, 0);
        lines->setSpacing(2);
        lines->addWidget(new StyledLabel(what, TextStyle::Ui, Color::Text));
        lines->addWidget(new StyledLabel(how, TextStyle::Small, Color::TextMuted));
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.drawPixmap(0, (theme().lineHeight(TextStyle::Ui) - 16) / 2,
                           theme().pixmap(m_iconName, 16, theme().color(Color::TextSecondary), devicePixelRatioF()));
    }

private:
    QString m_iconName;
};

} // namespace

FirstStart::FirstStart(QWidget* parent) : QScrollArea(parent) {
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setFocusPolicy(Qt::NoFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    setViewportMargins(0, 0, 0, 8); // what is cut below stays off the composer
    auto* page = new QWidget;
    auto* across = new QHBoxLayout(page);
    across->setContentsMargins(0, 0, 0, 0);
    m_column = new QWidget(page);
    across->addWidget(m_column);
    across->addStretch(1);
    auto* column = new QVBoxLayout(m_column);
    column->setContentsMargins(0, 16, 0, 16);
    column->setSpacing(0);
    column->addStretch(1);

    auto* head = new QHBoxLayout;
    head->setSpacing(21);
    head->addWidget(new AppMark);
    auto* words = new QVBoxLayout;
    words->setSpacing(4);
    m_title = new StyledLabel(tr("Chat with a model and watch its experts"), TextStyle::Display, Color::Text);
    m_title->setWordWrap(true);
    m_title->setMinimumHeight(theme().lineHeight(TextStyle::Display));
    auto* sentence = new StyledLabel(tr("Everything runs on this machine. Nothing is sent anywhere."), TextStyle::Body,
                                     Color::TextSecondary);
    sentence->setWordWrap(true);
    sentence->setMinimumHeight(theme().lineHeight(TextStyle::Body));
    words->addStretch(1);
    words->addWidget(m_title);
    words->addWidget(sentence);
    words->addStretch(1);
    head->addLayout(words, 1);
    column->addLayout(head);
    column->addSpacing(24);
    m_banner = new ModelBanner;
    m_banner->hide();
    column->addWidget(m_banner);
    column->addSpacing(28);
    m_try = new StyledLabel(tr("Try one of these"), TextStyle::PanelTitle, Color::TextSecondary);
    column->addWidget(m_try);
    column->addSpacing(8);
    m_grid = new QGridLayout;
    m_grid->setSpacing(8);
    column->addLayout(m_grid);
    column->addSpacing(28);
    m_hints = {new Hint(QStringLiteral("heatmap"), tr("See which experts answer"),
                        tr("Choose Inspect, or press Ctrl+2."), m_column),
               new Hint(QStringLiteral("compare"), tr("Compare two prompts"), tr("Choose Compare, or press Ctrl+3."),
                        m_column),
               new Hint(QStringLiteral("model"), tr("Bring your own model"), tr("Drop a GGUF file on this window."),
                        m_column)};
    m_hintGrid = new QGridLayout;
    m_hintGrid->setHorizontalSpacing(8);
    m_hintGrid->setVerticalSpacing(12);
    column->addLayout(m_hintGrid);
    column->addStretch(1);
    setWidget(page); // fills it, but the panel behind has the colour
    page->setAutoFillBackground(false);
    setSuggestions(builtInSuggestions());
}

QList<Suggestion> FirstStart::builtInSuggestions() {
    return {{tr("Tell me a story about a fox and a boat."), tr("Short story")},
            {tr("How much is 127 + 348?"), tr("A sum in steps")},
            {tr("What is the KV cache?"), tr("A fact about models like this one")},
            {tr("Spell the word lighthouse."), tr("Spelling, letter by letter")}};
}

QString FirstStart::countText(quint64 count) {
    const QString figures = shortCount(count).remove(QLatin1String(".0"));
    switch (figures.back().unicode()) {
    case u'K': return tr("%1 thousand").arg(figures.chopped(1));
    case u'M': return tr("%1 million").arg(figures.chopped(1));
    case u'B': return tr("%1 billion").arg(figures.chopped(1));
    default: return figures;
    }
}

std::pair<QString, QString> FirstStart::syntheticWords(const trace::ModelInfo& model) {
    return {tr("“%1” has random weights.").arg(nameOf(model)), tr("Its speed is real, its words mean nothing.")};
}

void FirstStart::setModel(const trace::ModelInfo& model, bool demonstration) {
    const QString name = nameOf(model);
    QString bold;
    QString rest;
    if (model.synthetic) {
        std::tie(bold, rest) = syntheticWords(model);
    } else if (demonstration) {
        bold = tr("%1 is a small demonstration model.").arg(name);
        rest =
            tr("It has %1 parameters, of which %2 work on each token. It tells short stories and does small sums, and "
               "it is often wrong. Its %3 layers of %4 experts are real and every number shown is measured.")
                .arg(countText(model.parameters), countText(model.active_parameters))
                .arg(model.moeLayers())
                .arg(model.expert_count);
    } else {
        bold = tr("%1 is loaded.").arg(name);
        rest = model.moeLayers() > 0
                   ? tr("It has %1 parameters, of which %2 work on each token, in %3 layers of %4 experts.")
                         .arg(countText(model.parameters), countText(model.active_parameters))
                         .arg(model.moeLayers())
                         .arg(model.expert_count)
                   : tr("It has %1 parameters and no router: the same weights work on every token.")
                         .arg(countText(model.parameters));
    }
    m_banner->setWords(bold, rest, model.synthetic);
    m_banner->show();
}

void FirstStart::setSuggestions(const QList<Suggestion>& suggestions) {
    qDeleteAll(m_cards);
    m_cards.clear();
    for (const Suggestion& suggestion : suggestions) {
        auto* card = new SuggestionCard(suggestion.prompt, suggestion.caption, m_column);
        card->setEnabled(m_enabled);
        connect(card, &QAbstractButton::clicked, this,
                [this, suggestion] { emit suggestionChosen(suggestion.prompt); });
        m_cards.append(card);
    }
    m_try->setVisible(!m_cards.isEmpty());
    place();
}

void FirstStart::setSuggestionsEnabled(bool enabled) {
    m_enabled = enabled;
    for (SuggestionCard* card : std::as_const(m_cards)) {
        card->setEnabled(enabled);
    }
}

void FirstStart::place() {
    // As the composer stands below. Of the whole width: the scroll bar stands in the margin and moves nothing.
    const bool narrow = this->width() + 2 < Composer::kNarrow; // with the panel's edges
    const QRect wide = Transcript::columnIn(this->width());
    const int left = narrow ? 12 : wide.left();
    const int width = narrow ? this->width() - 2 * left : wide.width();
    m_column->setFixedWidth(width);
    widget()->layout()->setContentsMargins(left, 0, 0, 0);
    const int columns = width < kOneColumn ? 1 : 2;
    const int cardWidth = (width - (columns - 1) * m_grid->spacing()) / columns;
    for (qsizetype row = 0; row < m_cards.size(); row += columns) {
        const QList<SuggestionCard*> cards = m_cards.mid(row, columns);
        int height = 0;
        for (const SuggestionCard* card : cards) {
            height = qMax(height, card->heightForWidth(cardWidth));
        }
        for (int column = 0; column < cards.size(); ++column) {
            cards.at(column)->setFixedHeight(height);
            m_grid->addWidget(cards.at(column), static_cast<int>(row) / columns, column);
        }
    }
    const int hintColumns = width < kOneColumn * theme().fontScale() ? 1 : kHintColumns;
    for (int at = 0; at < m_hints.size(); ++at) {
        m_hintGrid->addWidget(m_hints.at(at), at / hintColumns, at % hintColumns);
    }
    for (int at = 0; at < kHintColumns; ++at) {
        m_hintGrid->setColumnStretch(at, at < hintColumns ? 1 : 0);
    }
}

void FirstStart::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    place();
}

void FirstStart::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_column != nullptr) {
        place();
        m_column->updateGeometry();
    }
}

} // namespace moescope::ui
