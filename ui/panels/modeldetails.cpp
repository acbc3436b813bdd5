// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/modeldetails.h"

#include "ui/models/conversation.h"
#include "ui/panels/memorybar.h"
#include "ui/panels/modellibraryparts.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/progresscard.h"

#include <QClipboard>
#include <QEvent>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kSide = 20;              ///< px
constexpr int kSteps = 200;            ///< of the slider, on a log scale
constexpr quint32 kLeastContext = 128; ///< tokens
constexpr quint32 kRound = 64;         ///< tokens
constexpr quint32 kFewTokens = 4'096;

QString originText(const ModelRow& model, const QString& distinction) {
    const trace::ModelInfo& info = model.card.info;
    QStringList parts;
    if (model.card.known) {
        parts += plainLine(info.architecture, 60);
    }
    if (!info.main_type.empty()) {
        uint64_t bytes = 0;
        for (const auto& [type, use] : info.quantization) {
            bytes += use.bytes;
        }
        const QString type = QString::fromStdString(info.main_type);
        parts += info.parameters == 0
                     ? type
                     : ModelDetails::tr("%1, %2 bits a weight")
                           .arg(type)
                           .arg(8.0 * static_cast<double>(bytes) / static_cast<double>(info.parameters), 0, 'f', 2);
    }
    if (model.card.parts > 1) {
        parts += ModelDetails::tr("%1 files").arg(model.card.parts);
    }
    if (!distinction.isEmpty()) {
        constexpr qsizetype most = 60;
        parts += distinction.size() <= most ? distinction
                                            : distinction.left(most / 2) + u'…' + distinction.right(most / 2 - 1);
    }
    if (model.built_in) {
        parts += ModelDetails::tr("comes with the app");
    } else if (model.card.changed_ms > 0) {
        const QDateTime changed = QDateTime::fromMSecsSinceEpoch(model.card.changed_ms);
        parts += ModelDetails::tr("changed %1").arg(shortTime(changed, QDateTime::currentDateTime(), false));
    }
    return parts.join(QStringLiteral(" · "));
}

QList<std::pair<QString, QString>> factsOf(const trace::ModelInfo& info) {
    const auto count = [](uint64_t n) { return n == 0 ? QStringLiteral("–") : groupedText(static_cast<qint64>(n)); };
    const bool moe = info.expert_count > 0;
    return {{ModelDetails::tr("Layers"), count(info.block_count)},
            {ModelDetails::tr("Hidden size"), count(info.embedding_length)},
            {ModelDetails::tr("Routed experts"),
             moe ? ModelDetails::tr("%1, top-%2").arg(info.expert_count).arg(info.expert_used_count)
                 : ModelDetails::tr("none")},
            {ModelDetails::tr("Shared experts"), moe ? QString::number(info.expert_shared_count) : QStringLiteral("–")},
            {ModelDetails::tr("Heads, Q / KV"),
             info.head_count == 0
                 ? QStringLiteral("–")
                 : ModelDetails::tr("%1 / %2 of %3").arg(info.head_count).arg(info.head_count_kv).arg(info.head_dim)},
            {ModelDetails::tr("CLA share factor"),
             info.cla_share_factor > 1 ? QString::number(info.cla_share_factor) : ModelDetails::tr("1, none")},
            {ModelDetails::tr("Expert width"), count(info.expert_feed_forward_length)},
            {ModelDetails::tr("Vocabulary"), count(info.vocab_size)}};
}

/** What the file states, and where Tencent's licences grant no use: they exclude territories by the model's size. */
QString licenceText(const trace::ModelInfo& info) {
    const QString stated = plainLine(info.license, 300);
    if (stated.isEmpty()) {
        return ModelDetails::tr("The file does not state a licence.");
    }
    if (!stated.contains(QLatin1String("hunyuan"), Qt::CaseInsensitive) &&
        !stated.contains(QLatin1String("tencent"), Qt::CaseInsensitive)) {
        return stated;
    }
    return info.architecture == "hunyuan-large"
               ? ModelDetails::tr("%1. Use is not granted in the European Union.").arg(stated)
               : ModelDetails::tr("%1. Use is not granted in the European Union, the United Kingdom and South Korea.")
                     .arg(stated);
}

Banner::Kind bannerKind(FitState state) {
    switch (state) {
    case FitState::Fits: return Banner::Kind::Ok;
    case FitState::Tight:
    case FitState::Shorter: return Banner::Kind::Warning;
    case FitState::TooLarge:
    case FitState::Unreadable: return Banner::Kind::Error;
    case FitState::Unchecked: break;
    }
    return Banner::Kind::Info;
}

QLabel* heading(const QString& text, QWidget* parent) {
    return new StyledLabel(text, TextStyle::PanelTitle, Color::Text, parent);
}

} // namespace

ModelDetails::ModelDetails(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Details of the model"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 0, 0, 0);
    column->setSpacing(0);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    m_scroll = scroll;
    auto* page = new QWidget;
    page->setAutoFillBackground(false);
    auto* lines = new QVBoxLayout(page);
    lines->setContentsMargins(kSide, 16, kSide, 16);
    lines->setSpacing(0);
    auto* head = new QHBoxLayout;
    m_title = new ElidedLabel({}, TextStyle::Title, Color::Text, page);
    m_more = new IconButton(QStringLiteral("more"), tr("More about this model"), page);
    head->addWidget(m_title, 1);
    head->addWidget(m_more);
    lines->addLayout(head);
    m_origin = new StyledLabel({}, TextStyle::Small, Color::TextMuted, page);
    m_origin->setWordWrap(true);
    lines->addWidget(m_origin);
    lines->addSpacing(12);
    m_verdict = new Banner(Banner::Kind::Info, {}, page);
    lines->addWidget(m_verdict);
    m_copy = m_verdict->addAction(tr("Copy message"));
    m_memory = new QWidget(page);
    makeMemory(m_memory);
    lines->addWidget(m_memory);
    m_architecture = new QWidget(page);
    auto* architecture = new QVBoxLayout(m_architecture);
    architecture->setContentsMargins(0, 20, 0, 0);
    architecture->setSpacing(4);
    architecture->addWidget(heading(tr("Architecture"), m_architecture));
    m_facts = new FactGrid(m_architecture);
    architecture->addWidget(m_facts);
    architecture->addSpacing(16);
    architecture->addWidget(heading(tr("Licence"), m_architecture));
    m_licence = new StyledLabel({}, TextStyle::Small, Color::TextSecondary, m_architecture);
    m_licence->setWordWrap(true);
    m_licence->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_licence->setFocusPolicy(Qt::NoFocus);
    architecture->addWidget(m_licence);
    lines->addWidget(m_architecture);
    lines->addStretch(1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false);
    // The scroll bar stands in the margin, so that nothing moves when it comes.
    connect(scroll->verticalScrollBar(), &QScrollBar::rangeChanged, lines, [scroll, lines](int, int most) {
        const int bar = most > 0 ? scroll->verticalScrollBar()->sizeHint().width() : 0;
        lines->setContentsMargins(kSide, 16, kSide - bar, 16);
    });
    m_none = new EmptyState(tr("No model is selected"), tr("What a model needs and how it is built stands here."));
    column->addWidget(m_none, 1);
    column->addWidget(scroll, 1);
    column->addWidget(makeFoot());

    connect(m_more, &QAbstractButton::clicked, this,
            [this] { emit menuRequested(m_more->mapToGlobal(QPoint(0, m_more->height()))); });
    connect(m_copy, &QAbstractButton::clicked, this, &ModelDetails::copyReason);
    connect(m_slider, &QSlider::valueChanged, this, [this](int position) {
        m_context = contextAt(position);
        refreshFit();
    });
    showNothing();
}

void ModelDetails::makeMemory(QWidget* page) {
    auto* lines = new QVBoxLayout(page);
    lines->setContentsMargins(0, 20, 0, 0);
    lines->setSpacing(0);
    auto* head = new QHBoxLayout;
    head->addWidget(heading(tr("Memory to load"), page));
    head->addStretch(1);
    m_with = new StyledLabel({}, TextStyle::Small, Color::TextMuted, page);
    head->addWidget(m_with);
    lines->addLayout(head);
    lines->addSpacing(8);
    m_bar = new MemoryBar(page);
    lines->addWidget(m_bar);
    lines->addSpacing(6);
    m_list = new MemoryList(page);
    lines->addWidget(m_list);
    lines->addSpacing(16);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    grid->addWidget(new StyledLabel(tr("Context"), TextStyle::Small, Color::TextSecondary, page), 0, 0);
    m_slider = new QSlider(Qt::Horizontal, page);
    m_slider->setAccessibleName(tr("Tokens of context"));
    m_slider->setRange(0, kSteps);
    m_slider->setPageStep(kSteps / 10);
    grid->addWidget(m_slider, 0, 1);
    m_tokens = new StyledLabel({}, TextStyle::Mono, Color::Text, page);
    m_tokens->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    grid->addWidget(m_tokens, 0, 2);
    m_perToken = new StyledLabel({}, TextStyle::Axis, Color::TextMuted, page);
    m_perToken->setWordWrap(true);
    grid->addWidget(m_perToken, 1, 1, 1, 2);
    lines->addLayout(grid);
}

QWidget* ModelDetails::makeFoot() {
    m_foot = new QWidget;
    auto* lines = new QVBoxLayout(m_foot);
    lines->setContentsMargins(kSide, 14, kSide, 13);
    lines->setSpacing(10);
    m_progress = new ProgressCard(m_foot);
    connect(m_progress, &ProgressCard::stopRequested, this, &ModelDetails::stopRequested);
    lines->addWidget(m_progress);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_load = new QPushButton(tr("Load"), m_foot);
    m_advice = new StyledLabel({}, TextStyle::Small, Color::TextSecondary, m_foot);
    m_advice->setWordWrap(true);
    m_showFile = new QPushButton(theme().icon(QStringLiteral("folder")), tr("Show file"), m_foot);
    m_showFile->setAccessibleName(m_showFile->text());
    connect(m_load, &QAbstractButton::clicked, this, [this] {
        if (m_use == ModelUse::Loaded) {
            emit unloadRequested();
        } else {
            emit loadRequested();
        }
    });
    connect(m_showFile, &QAbstractButton::clicked, this, &ModelDetails::showFileRequested);
    row->addWidget(m_load);
    row->addWidget(m_advice, 1);
    row->addWidget(m_showFile);
    lines->addLayout(row);
    return m_foot;
}

quint32 ModelDetails::limit() const { return m_model ? m_model->card.info.context_length : 0; }

quint32 ModelDetails::contextAt(int position) const {
    const quint32 most = limit();
    if (most <= kLeastContext || position >= kSteps) {
        return most;
    }
    const double tokens =
        kLeastContext * std::pow(static_cast<double>(most) / kLeastContext, static_cast<double>(position) / kSteps);
    return std::min(most, static_cast<quint32>(std::lround(tokens / kRound)) * kRound);
}

int ModelDetails::positionOf(quint32 context) const {
    const quint32 most = limit();
    if (most <= kLeastContext || context >= most) {
        return kSteps;
    }
    const double share = std::log(std::max(1.0, static_cast<double>(context) / kLeastContext)) /
                         std::log(static_cast<double>(most) / kLeastContext);
    return std::clamp(static_cast<int>(std::lround(share * kSteps)), 0, kSteps);
}

FitQuestion ModelDetails::ownQuestion() const {
    FitQuestion question = m_question;
    question.context = m_context;
    return question;
}

bool ModelDetails::canLoad() const { return m_model && fitOf(m_model->card, ownQuestion()).canLoad(); }

quint32 ModelDetails::loadContext() const {
    if (!m_model || !m_model->card.needs) {
        return 0;
    }
    const Fit fit = fitOf(m_model->card, ownQuestion());
    if (fit.state == FitState::Fits || fit.state == FitState::Tight) {
        return m_context < limit() || fit.fitting_tokens < m_context ? m_context : 0;
    }
    // Left to itself, a load on a software device takes more than so few.
    return fit.state == FitState::Shorter && fit.fitting_tokens < kFewTokens ? fit.fitting_tokens : 0;
}

void ModelDetails::showModel(const ModelRow& model, const QString& distinction, const FitQuestion& question,
                             ModelUse use) {
    const bool same = m_model && m_model->path() == model.path() && m_question.context == question.context &&
                      limit() == model.card.info.context_length;
    m_model = model;
    m_distinction = distinction;
    m_question = question;
    m_use = use;
    if (!same) {
        m_context = std::min(question.context, limit());
        const QSignalBlocker blocker(m_slider);
        m_slider->setValue(positionOf(m_context));
    }
    refresh();
}

void ModelDetails::showNothing() {
    m_model.reset();
    m_use = ModelUse::None;
    refresh();
}

void ModelDetails::refresh() {
    m_none->setVisible(!m_model);
    m_scroll->setVisible(m_model.has_value());
    m_foot->setVisible(m_model.has_value());
    if (!m_model) {
        update();
        return;
    }
    const trace::ModelInfo& info = m_model->card.info;
    m_title->setText(modelName(m_model->card));
    m_origin->setText(originText(*m_model, m_distinction));
    m_origin->setVisible(!m_origin->text().isEmpty());
    m_memory->setVisible(m_model->card.isRunnable());
    m_architecture->setVisible(m_model->card.known);
    m_facts->setFacts(factsOf(info));
    m_licence->setText(licenceText(info));
    m_slider->setEnabled(limit() > kLeastContext);
    refreshFit();
}

void ModelDetails::refreshFit() {
    if (!m_model) {
        return;
    }
    const FitQuestion question = ownQuestion();
    const Fit fit = fitOf(m_model->card, question);
    m_verdict->setKind(bannerKind(fit.state));
    if (fit.state == FitState::Unchecked) {
        m_verdict->setIconName(fitIcon(fit.state));
    }
    m_verdict->setText(fitSentence(m_model->card, fit, question, m_model->reason));
    m_copy->setVisible(fit.state == FitState::Unreadable);
    if (const auto& needs = m_model->card.needsOn(question.software)) {
        const MemoryParts parts = memoryParts(*needs, m_context, question.kv);
        m_bar->setParts(parts, question.device.isEmpty() ? 0 : question.free_bytes);
        m_list->setParts(parts);
        m_with->setText(tr("with %1 tokens").arg(groupedText(m_context)));
        m_tokens->setText(tr("%1 of %2").arg(groupedText(m_context), groupedText(limit())));
        m_slider->setAccessibleDescription(tr("%1 tokens").arg(m_tokens->text()));
        m_perToken->setText(
            tr("%1 a token. The limit would need %2 of KV cache.")
                .arg(bytesText(needs->kvPerToken(question.kv)), bytesText(needs->kv(limit(), question.kv))));
    }
    m_advice->setText(m_use == ModelUse::None ? fitAdvice(fit) : QString());
    refreshUse();
}

void ModelDetails::refreshUse() {
    const QString name = modelName(m_model->card);
    m_progress->setVisible(m_use == ModelUse::Loading);
    if (m_use == ModelUse::Loading && m_progress->accessibleName().trimmed().isEmpty()) {
        setProgress(0, 0, 0);
    }
    const bool loaded = m_use == ModelUse::Loaded;
    m_load->setVisible(m_use != ModelUse::Loading);
    m_load->setText(loaded ? tr("Unload") : tr("Load"));
    m_load->setAccessibleName(QStringLiteral("%1 %2").arg(m_load->text(), name));
    m_load->setEnabled(loaded || canLoad());
}

void ModelDetails::setProgress(quint64 done, quint64 total, quint64 bytesPerSecond) {
    if (!m_model) {
        return;
    }
    const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    QString note;
    if (bytesPerSecond > 0 && total > done) {
        const double seconds = static_cast<double>(total - done) / static_cast<double>(bytesPerSecond);
        note = tr("%1/s, %2 s left").arg(bytesText(bytesPerSecond)).arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
    }
    m_progress->setProgress(tr("Loading"),
                            total > 0 ? tr("%1 of %2").arg(bytesText(done), bytesText(total)) : QString(), share, note);
}

void ModelDetails::copyReason() {
    if (m_model) {
        QGuiApplication::clipboard()->setText(m_model->reason);
    }
}

void ModelDetails::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.color(Color::Panel));
    painter.fillRect(QRect(0, 0, 1, height()), look.color(Color::Border));
    if (m_foot->isVisible()) {
        painter.fillRect(QRect(0, m_foot->y(), width(), 1), look.color(Color::Border));
    }
}

void ModelDetails::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_foot != nullptr) {
        update();
    }
}

} // namespace moescope::ui
