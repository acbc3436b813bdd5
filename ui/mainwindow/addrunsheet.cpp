// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/addrunsheet.h"

#include "ui/models/whatif.h"
#include "ui/panels/promptedit.h"
#include "ui/panels/samplingform.h"
#include "ui/panels/styledlabel.h"
#include "ui/theme/theme.h"
#include "ui/widgets/filedialogs.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSpinBox>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kNames = 132;     ///< px of the fields' names
constexpr int kMarks = 168;     ///< px of what the run that it was filled from has there
constexpr int kInnerNames = 64; ///< px of the names within the prompt
constexpr int kTextHeight = 100;
constexpr QSize kSize{784, 560}; ///< px: no choice makes it wider
const QStringList kKvTypes{QStringLiteral("f16"), QStringLiteral("q8_0"), QStringLiteral("f32")};

QWidget* rowOf(const QList<QWidget*>& parts, int stretched) {
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    for (int i = 0; i < parts.size(); ++i) {
        layout->addWidget(parts.at(i), i == stretched ? 1 : 0);
    }
    if (stretched < 0) {
        layout->addStretch(1);
    }
    return row;
}

QLineEdit* line(const QString& name, const QString& placeholder = {}) {
    auto* edit = new QLineEdit;
    edit->setAccessibleName(name);
    edit->setPlaceholderText(placeholder);
    return edit;
}

QSpinBox* number(const QString& name, int least, int most) {
    auto* box = new QSpinBox;
    box->setAccessibleName(name);
    box->setRange(least, most);
    box->setFixedWidth(88);
    return box;
}

StyledLabel* words(const QString& text) { return new StyledLabel(text, TextStyle::Ui, Color::TextSecondary); }

/** A field with its name before it. */
QWidget* named(const QString& name, QWidget* field) {
    auto* label = words(name);
    label->setFixedWidth(kInnerNames);
    return rowOf({label, field}, 1);
}

} // namespace

AddRunSheet::AddRunSheet(Purpose purpose, const RunDraft& from, const QList<ModelChoice>& models, QWidget* parent)
    : FramedDialog(purpose == Purpose::AddRun ? tr("Add run") : tr("New comparison"), parent), m_purpose(purpose),
      m_from(from), m_models(models), m_sampling(from.sampling) {
    addFields(purpose);
    fill();
    refresh();
    sizeWithin(kSize);
}

void AddRunSheet::addFields(Purpose purpose) {
    QVBoxLayout* body = addBody();
    m_title = new StyledLabel(QString(), TextStyle::UiStrong, Color::Text, this);
    m_title->setWordWrap(true);
    body->addWidget(m_title);

    m_kind = new SegmentedControl(tr("Prompt"), {tr("Text"), tr("Chat"), tr("File"), tr("Template")}, this);
    auto* prompt = new QWidget(this);
    auto* promptColumn = new QVBoxLayout(prompt);
    promptColumn->setContentsMargins(0, 0, 0, 0);
    promptColumn->setSpacing(8);
    promptColumn->addWidget(m_kind, 0, Qt::AlignLeft);
    promptColumn->addWidget(promptPages());
    body->addWidget(addRow(DraftField::Prompt, tr("Prompt"), prompt));

    m_lengths = line(tr("Lengths of the prompt in tokens"), tr("512, 1,024, 1,536"));
    m_depth = number(tr("Depth of the passage in percent"), 0, 100);
    m_lengths->setToolTip(tr("Several lengths, with a comma and a space between them, make a run each"));
    m_lengthRow = addRow(DraftField::Length, tr("Length and depth"),
                         rowOf({m_lengths, words(tr("tokens, depth")), m_depth, words(tr("%"))}, 0));
    body->addWidget(m_lengthRow);

    m_model = new QComboBox(this);
    m_model->setAccessibleName(tr("Model"));
    for (const ModelChoice& model : std::as_const(m_models)) {
        m_model->addItem(labelOf(model), model.key);
    }
    body->addWidget(addRow(DraftField::Model, tr("Model"), rowOf({m_model}, 0)));

    m_kvType = new QComboBox(this);
    m_kvType->setAccessibleName(tr("Type of the KV cache"));
    for (const QString& type : kKvTypes) {
        m_kvType->addItem(kvTypeName(type), type);
    }
    body->addWidget(addRow(DraftField::KvType, tr("KV cache"), rowOf({m_kvType}, -1)));

    m_seed = line(tr("Seed"), tr("Random"));
    m_seed->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{0,19}")), m_seed));
    m_seed->setFixedWidth(120);
    m_more = new QPushButton(this);
    m_more->setAccessibleName(tr("All sampling settings"));
    m_more->setAutoDefault(false);
    body->addWidget(addRow(DraftField::Sampling, tr("Seed and sampling"), rowOf({m_seed, m_more}, -1)));

    m_recipe = new QComboBox(this);
    m_recipe->setAccessibleName(tr("Intervention"));
    m_layer = number(tr("Layer"), 0, 1'023);
    m_expert = number(tr("Expert"), 0, 65'535);
    m_place = rowOf({words(tr("layer")), m_layer, words(tr("expert")), m_expert}, -1);
    body->addWidget(addRow(DraftField::Intervention, tr("Intervention"), rowOf({m_recipe, m_place}, -1)));
    body->addStretch(1);

    m_problem = new StyledLabel(QString(), TextStyle::Small, Color::Error, this);
    m_problem->setWordWrap(true);
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setAutoDefault(false);
    m_add = new QPushButton(purpose == Purpose::AddRun ? tr("Add run") : tr("Start"), this);
    m_add->setAccessibleName(m_add->text());
    m_add->setProperty("primary", true);
    m_add->setDefault(true);
    m_capture = new QPushButton(tr("Add a capture…"), this);
    m_capture->setToolTip(tr("An answer that was recorded elsewhere, from a .moescope file"));
    m_capture->setAutoDefault(false);
    m_capture->hide();
    body->addWidget(rowOf({m_capture, m_problem, cancel, m_add}, 1));

    m_popover = new SamplingPopover(this);
    m_popover->setDefaults(m_from.sampling);
    connect(m_more, &QPushButton::clicked, this, [this] {
        m_popover->setSampling(m_sampling);
        m_popover->openAt(m_more);
    });
    connect(m_popover, &SamplingPopover::changed, this, [this](const SamplingView& sampling) {
        m_sampling = sampling;
        m_seed->setText(sampling.seed ? QString::number(*sampling.seed) : QString());
        refresh();
    });
    connect(m_seed, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_sampling.seed = text.isEmpty() ? std::nullopt : std::optional<quint64>(text.toULongLong());
        refresh();
    });
    connect(m_kind, &SegmentedControl::currentIndexChanged, this, &AddRunSheet::refresh);
    connect(m_text, &QPlainTextEdit::textChanged, this, &AddRunSheet::refresh);
    for (QLineEdit* edit : {m_file, m_fileQuestion, m_passage, m_question, m_expected, m_filler, m_lengths}) {
        connect(edit, &QLineEdit::textChanged, this, &AddRunSheet::refresh);
    }
    for (QSpinBox* box : {m_depth, m_layer, m_expert}) {
        connect(box, &QSpinBox::valueChanged, this, &AddRunSheet::refresh);
    }
    for (QComboBox* box : {m_model, m_kvType, m_recipe}) {
        connect(box, &QComboBox::currentIndexChanged, this, &AddRunSheet::refresh);
    }
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_capture, &QPushButton::clicked, this, [this] {
        reject();
        emit captureRequested();
    });
    connect(m_add, &QPushButton::clicked, this, [this] {
        const QList<RunDraft> chosen = drafts();
        accept();
        emit drafted(chosen);
    });
}

QWidget* AddRunSheet::promptPages() {
    m_prompts = new QStackedWidget(this);
    m_prompts->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    const auto page = [this](const QList<QWidget*>& rows) {
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(8);
        for (QWidget* row : rows) {
            column->addWidget(row);
        }
        column->addStretch(1);
        m_prompts->addWidget(content);
    };
    m_text = new PromptEdit;
    m_text->setAccessibleName(tr("Text of the prompt"));
    m_text->setPlaceholderText(tr("What the model is asked"));
    m_text->setMinimumHeight(kTextHeight);
    m_text->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored);
    m_prompts->addWidget(m_text); // as high as the highest page: no gap below it
    m_chat = new StyledLabel(QString(), TextStyle::Ui, Color::TextSecondary);
    m_chat->setWordWrap(true);
    m_chat->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_prompts->addWidget(m_chat);
    QWidget* fileRow = nullptr;
    m_file = pathField(tr("File"), tr("A text, Markdown, source or CSV file"), &fileRow);
    m_fileQuestion = line(tr("Question"), tr("What is asked behind it"));
    page({named(tr("File"), fileRow), named(tr("Question"), m_fileQuestion)});
    QWidget* fillerRow = nullptr;
    m_passage = line(tr("Marked passage"), tr("The sentence that has the answer"));
    m_question = line(tr("Question"), tr("What is asked behind the text"));
    m_filler = pathField(tr("Text around the passage"), tr("The shipped text fills the prompt"), &fillerRow);
    m_expected = line(tr("Words that the answer must have to have found the passage"),
                      tr("4711, boat: then runs say found or missed"));
    page({named(tr("Passage"), m_passage), named(tr("Question"), m_question), named(tr("Found if"), m_expected),
          named(tr("Text"), fillerRow)});
    return m_prompts;
}

QLineEdit* AddRunSheet::pathField(const QString& name, const QString& placeholder, QWidget** row) {
    QLineEdit* field = line(name, placeholder);
    auto* browse = new IconButton(QStringLiteral("folder-open"), tr("Choose a file"));
    browse->setFramed(true);
    connect(browse, &QAbstractButton::clicked, this, [this, field] { choosePath(field); });
    *row = rowOf({field, browse}, 0);
    return field;
}

void AddRunSheet::choosePath(QLineEdit* field) {
    askForFileToRead(this, field->accessibleName(), {}, [field](const QString& path) { field->setText(path); });
}

QWidget* AddRunSheet::addRow(DraftField field, const QString& name, QWidget* content) {
    auto* row = new QWidget(this);
    auto* grid = new QGridLayout(row);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setColumnMinimumWidth(0, kNames);
    grid->setColumnMinimumWidth(2, kMarks);
    grid->setColumnStretch(1, 1);
    auto* label = words(name);
    label->setFixedHeight(m_kind->sizeHint().height()); // on the line of the field's first row
    grid->addWidget(label, 0, 0, Qt::AlignTop);
    grid->addWidget(content, 0, 1);
    StyledLabel*& mark = m_marks[static_cast<size_t>(field)];
    mark = new StyledLabel(QString(), TextStyle::Small, Color::AccentText, row);
    mark->setWordWrap(true);
    mark->setFixedWidth(kMarks);
    mark->setContentsMargins(0, (m_kind->sizeHint().height() - theme().lineHeight(TextStyle::Small)) / 2, 0, 0);
    grid->addWidget(mark, 0, 2, Qt::AlignTop);
    return row;
}

void AddRunSheet::fill() {
    m_filling = true;
    m_kind->setCurrentIndex(static_cast<int>(m_from.kind));
    m_text->setPlainText(m_from.kind == PromptKind::Text ? m_from.text : m_from.question);
    m_chat->setText(m_from.message != 0 ? tr("All of “%1” up to the message.").arg(m_from.chat_title)
                                        : tr("“Compare with…” below a message of a chat fills this."));
    m_file->setText(m_from.kind == PromptKind::File ? m_from.path : QString());
    const QString question = m_from.kind == PromptKind::Text ? m_from.text.simplified() : m_from.question;
    m_fileQuestion->setText(question);
    m_question->setText(question);
    m_passage->setText(m_from.passage);
    m_expected->setText(m_from.expected.join(QStringLiteral(", ")));
    m_filler->setText(m_from.kind == PromptKind::Template ? m_from.path : QString());
    for (QLineEdit* edit : {m_file, m_fileQuestion, m_question, m_passage, m_expected, m_filler}) {
        edit->setCursorPosition(0);
    }
    m_lengths->setText(m_from.length > 0 ? groupedText(m_from.length) : tr("512, 1,024, 1,536"));
    m_depth->setValue(m_from.depth);
    m_model->setCurrentIndex(std::max(0, m_model->findData(m_from.model)));
    m_kvType->setCurrentIndex(std::max(0, m_kvType->findData(m_from.kv_type)));
    m_seed->setText(m_from.sampling.seed ? QString::number(*m_from.sampling.seed) : QString());
    m_recipe->clear();
    m_recipe->addItem(tr("None"), None);
    if (!m_from.recipe.empty()) {
        m_recipe->addItem(recipeWords(m_from.recipe, true), AsGiven);
        m_recipe->setCurrentIndex(1);
    }
    if (m_made && !m_made->empty()) {
        m_recipe->addItem(tr("As made in Inspect: %1").arg(recipeWords(*m_made, true)), AsMade);
    }
    m_recipe->addItem(tr("Ban an expert"), Ban);
    m_recipe->addItem(tr("Force an expert"), Force);
    m_filling = false;
}

void AddRunSheet::setRecipe(const trace::Intervention& recipe) {
    m_made = recipe;
    fill();
    refresh();
}

void AddRunSheet::offerCaptures() { m_capture->show(); }

void AddRunSheet::setFile(const QString& path) {
    m_kind->setCurrentIndex(static_cast<int>(PromptKind::File));
    m_file->setText(path);
    m_fileQuestion->setFocus();
}

void AddRunSheet::setCheck(std::function<QString(const RunDraft&)> problem) {
    m_check = std::move(problem);
    refresh();
}

trace::Intervention AddRunSheet::recipe() const {
    const trace::ExpertPlace place{static_cast<uint32_t>(m_layer->value()), static_cast<uint32_t>(m_expert->value())};
    trace::Intervention made;
    switch (m_recipe->currentData().toInt()) {
    case AsGiven: return m_from.recipe;
    case AsMade: return *m_made;
    case Ban: made.banned = {place}; break;
    case Force: made.forced = {place}; break;
    default: break;
    }
    return made;
}

QString AddRunSheet::nameOf(const ModelChoice& model) const {
    const auto alike = std::count_if(m_models.begin(), m_models.end(),
                                     [&model](const ModelChoice& other) { return other.name == model.name; });
    return alike > 1 ? labelOf(model) : model.name;
}

QString AddRunSheet::labelOf(const ModelChoice& model) const {
    const auto isAlike = [&model](const ModelChoice& other) {
        return other.name == model.name && other.type == model.type;
    };
    const QString label = QStringLiteral("%1 %2").arg(model.name, model.type).trimmed();
    if (std::count_if(m_models.begin(), m_models.end(), isAlike) < 2) {
        return label;
    }
    const auto isNamesake = [&](const ModelChoice& other) { return isAlike(other) && other.file == model.file; };
    const bool folder = std::count_if(m_models.begin(), m_models.end(), isNamesake) > 1;
    const QString file = folder ? QFileInfo(model.key).dir().dirName() + QLatin1Char('/') + model.file : model.file;
    return label + QStringLiteral(" · ") + file;
}

RunDraft AddRunSheet::draft() const {
    RunDraft draft;
    draft.kind = static_cast<PromptKind>(m_kind->currentIndex());
    switch (draft.kind) {
    case PromptKind::Text: draft.text = m_text->toPlainText(); break;
    case PromptKind::Chat:
        draft.message = m_from.message;
        draft.chat_title = m_from.chat_title;
        break;
    case PromptKind::File:
        draft.path = m_file->text();
        draft.question = m_fileQuestion->text();
        break;
    case PromptKind::Template: {
        draft.path = m_filler->text();
        draft.passage = m_passage->text();
        draft.question = m_question->text();
        draft.expected = wordsOf(m_expected->text());
        draft.depth = m_depth->value();
        QString problem;
        draft.length = numbersOf(m_lengths->text(), &problem).value(0);
        break;
    }
    }
    draft.depth = draft.kind == PromptKind::Template ? draft.depth : m_from.depth;
    const ModelChoice model = m_models.value(m_model->currentIndex());
    draft.model = model.key;
    // The runs of A's model keep its name, and others say what they differ by.
    draft.model_name = model.key == m_from.model && !m_from.model_name.isEmpty() ? m_from.model_name : nameOf(model);
    draft.kv_type = m_kvType->currentData().toString();
    draft.sampling = m_sampling;
    draft.recipe = recipe();
    return draft;
}

QList<RunDraft> AddRunSheet::drafts() const {
    const RunDraft first = draft();
    if (first.kind != PromptKind::Template) {
        return {first};
    }
    QString problem;
    QList<RunDraft> drafts;
    for (const int length : numbersOf(m_lengths->text(), &problem)) {
        drafts.append(first);
        drafts.last().length = length;
    }
    return drafts;
}

QString AddRunSheet::title() const {
    const QList<RunDraft> all = drafts();
    QStringList titles;
    for (const RunDraft& each : all) {
        titles << titleOf(each, all.size() > 1 && &each != &all.first() ? all.first() : m_from);
    }
    return all.size() == 1 ? titles.first() : tr("%1 runs: %2").arg(all.size()).arg(titles.join(QStringLiteral(", ")));
}

QString AddRunSheet::problem() const {
    if (static_cast<PromptKind>(m_kind->currentIndex()) == PromptKind::Template) {
        QString problem;
        numbersOf(m_lengths->text(), &problem);
        if (!problem.isEmpty()) {
            return tr("Length: %1").arg(problem);
        }
    }
    for (const RunDraft& each : drafts()) {
        QString problem = problemOf(each);
        problem = problem.isEmpty() && m_check ? m_check(each) : problem;
        if (!problem.isEmpty()) {
            return problem;
        }
    }
    return {};
}

QString AddRunSheet::markText(DraftField field) const {
    switch (field) {
    case DraftField::Prompt: return tr("another prompt than A");
    case DraftField::Length:
        return m_from.length > 0 ? tr("A: %1 tokens, %2 %").arg(groupedText(m_from.length)).arg(m_from.depth)
                                 : tr("A has no length");
    case DraftField::Model: {
        const auto of = std::find_if(m_models.begin(), m_models.end(),
                                     [this](const ModelChoice& model) { return model.key == m_from.model; });
        return tr("A: %1").arg(of != m_models.end() ? nameOf(*of) : m_from.model_name);
    }
    case DraftField::KvType: return tr("A: %1").arg(kvTypeName(m_from.kv_type));
    case DraftField::Sampling: return tr("A: %1").arg(samplingText(m_from.sampling));
    case DraftField::Intervention: break;
    }
    return m_from.recipe.empty() ? tr("A: none") : tr("A: %1").arg(recipeWords(m_from.recipe, true));
}

void AddRunSheet::refresh() {
    if (m_filling || m_add == nullptr) {
        return;
    }
    const auto kind = static_cast<PromptKind>(m_kind->currentIndex());
    m_prompts->setCurrentIndex(m_kind->currentIndex());
    m_lengthRow->setVisible(kind == PromptKind::Template);
    const int way = m_recipe->currentData().toInt();
    m_place->setVisible(way == Ban || way == Force);
    m_more->setText(samplingText(m_sampling));
    const RunDraft first = draft();
    const bool comparable = m_purpose == Purpose::AddRun; // else there is no run to differ from
    for (int field = 0; field < kDraftFields; ++field) {
        const auto of = static_cast<DraftField>(field);
        const bool marked =
            comparable && differs(first, m_from, of) && (of != DraftField::Length || kind == PromptKind::Template);
        m_marks[size_t(field)]->setText(marked ? markText(of) : QString());
    }
    const QString problem = this->problem();
    m_title->setText(problem.isEmpty() ? title() : tr("What is to be run"));
    m_problem->setText(problem);
    m_add->setEnabled(problem.isEmpty());
    m_add->setToolTip(problem);
}

} // namespace moescope::ui
